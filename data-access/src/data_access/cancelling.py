"""Tasks that can never run, or end, any more: a task that they read from was cancelled."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.rules import RUNNING
from data_access.bulk import Row, chunks
from data_access.ending import write_ended
from data_access.schema import log, task, task_input, workflow
from data_access.task_events import request_event
from penstock_core.states import TaskStatus


async def cancel_dependants(connection: AsyncConnection, workflows: Iterable[int]) -> None:
    """Cancel the tasks of ``workflows`` that read, over any steps, from a cancelled one.

    Those that run are asked to end, for their input never will; what reads from them follows
    when they have.
    """
    for some in chunks(set(workflows)):
        rows = await _tasks(connection, some)
        doomed = _doomed(rows, await _links(connection, rows))
        planned = [(row, why) for row, why in doomed if row["status"] == TaskStatus.DEFINED]
        told = [(row, _because(why)) for row, why in planned]
        await write_ended(connection, TaskStatus.CANCELLED, told)
        running = [row for row, _ in doomed if row["status"] in RUNNING]
        await log.append(connection, [request_event(row, "cancel") for row in running])


def _because(step: str) -> str:
    return f"step {step}, which it reads from, was cancelled"


async def _tasks(connection: AsyncConnection, workflows: Sequence[int]) -> list[Row]:
    query = (
        select(task, workflow.c.namespace)
        .join(workflow, workflow.c.workflow_id == task.c.workflow_id)
        .where(task.c.workflow_id.in_(workflows))
        .order_by(task.c.task_id)
        .with_for_update(of=task)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def _links(connection: AsyncConnection, rows: list[Row]) -> dict[int, set[int]]:
    """Return the datasets that each task reads."""
    links: dict[int, set[int]] = {}
    columns = (task_input.c.task_id, task_input.c.dataset_id)
    for some in chunks([row["task_id"] for row in rows]):
        query = select(*columns).where(task_input.c.task_id.in_(some))
        for task_id, dataset_id in await connection.execute(query):
            links.setdefault(task_id, set()).add(dataset_id)
    return links


def _doomed(rows: list[Row], links: dict[int, set[int]]) -> list[tuple[Row, str]]:
    """Return what can never run or end, and the step that is why; rows come in chain order."""
    dead = {r["datas_out_id"]: r["step"] for r in rows if r["status"] == TaskStatus.CANCELLED}
    doomed = []
    for row in rows:
        lost = links.get(row["task_id"], set()) & dead.keys()
        if lost and row["status"] in {TaskStatus.DEFINED, *RUNNING}:
            doomed.append((row, dead[min(lost)]))
            if row["status"] == TaskStatus.DEFINED:
                dead[row["datas_out_id"]] = row["step"]
    return doomed
