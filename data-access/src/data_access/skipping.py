"""Tasks that have nothing to do: the dataset that their chain is over closed with no files."""

import time
from collections.abc import Collection, Sequence

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row, chunks
from data_access.ending import write_ended
from data_access.schema import dataset, task, task_input, workflow
from penstock_core.states import DatasetState, TaskStatus


async def skip_empty(connection: AsyncConnection, datasets: Collection[int]) -> None:
    """Skip what has not started of the chains over those of ``datasets`` that closed empty.

    A chain of which no task reads it is only started by it, and runs all the same.
    A task that somebody has claimed is on its way: the workload system finds it without jobs,
    and skips it there.
    """
    for some in chunks(datasets):
        rows = await _not_started(connection, some)
        because = [(row, f"{row['masked']} closed with no files") for row in rows]
        await write_ended(connection, TaskStatus.SKIPPED, because)


async def _not_started(connection: AsyncConnection, datasets: Sequence[int]) -> list[Row]:
    is_empty = (dataset.c.state == DatasetState.CLOSED) & (dataset.c.files == 0)
    reader = task.alias()
    is_read = (
        exists()
        .where(reader.c.workflow_id == workflow.c.workflow_id)
        .where(task_input.c.task_id == reader.c.task_id, task_input.c.step == "")
    )
    query = (
        select(task, workflow.c.namespace, dataset.c.name.label("masked"))
        .join(workflow, workflow.c.workflow_id == task.c.workflow_id)
        .join(dataset, dataset.c.dataset_id == workflow.c.dataset_id)
        .where(workflow.c.dataset_id.in_(datasets), is_empty, is_read)
        .where(task.c.status == TaskStatus.DEFINED, task.c.lease_until <= time.time())
        .order_by(task.c.task_id)
        .with_for_update(of=task)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]
