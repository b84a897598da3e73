"""What became of claimed tasks: the workload system has them, their datasets are there."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row, chunks
from data_access.readiness import open_states
from data_access.schema import dataset, log, task, workflow
from data_access.task_events import late_requests, status_event
from penstock_core.among import among
from penstock_core.clock import now
from penstock_core.contracts.workflow import SubmittedTask
from penstock_core.states import TaskStatus
from penstock_core.store import Store

logger = logging.getLogger(__name__)


async def store_submitted(store: Store, tasks: Sequence[SubmittedTask]) -> None:
    """Move claimed tasks to SUBMITTED; one whose claim was taken over is left alone."""
    told = {each.task_id: each for each in tasks}
    async with store.write() as connection:
        rows = await lock_tasks(connection, told)
        ours = {n: row for n, row in rows.items() if row["token"] == told[n].token}
        for number in told.keys() - ours.keys():
            logger.info("Task %s was claimed again meanwhile; its submission is left out.", number)
        new = {n: row for n, row in ours.items() if row["status"] == TaskStatus.DEFINED}
        await _name(connection, {n: told[n].external_id for n in ours})
        await mark_submitted(connection, new)
        uids = {row["datas_out_id"]: told[n].output_uid for n, row in ours.items()}
        uids |= {row["datas_log_id"]: told[n].log_uid for n, row in ours.items()}
        await open_datasets(connection, uids)
        moved = [
            {**row, "status": TaskStatus.SUBMITTED, "external_id": told[n].external_id}
            for n, row in sorted(new.items())
        ]
        await log.append(connection, [status_event(row) for row in moved])
        for row in moved:
            rank = told[row["task_id"]].rank
            late = late_requests(row, row["rank"] if rank is None else rank)
            await log.append(connection, late)


async def lock_tasks(connection: AsyncConnection, ids: Mapping[int, Any]) -> dict[int, Row]:
    """Return these tasks' rows with their namespace, by id, locked until the transaction ends."""
    found: dict[int, Row] = {}
    for some in chunks(ids):
        query = (
            select(task, workflow.c.namespace)
            .join(workflow, workflow.c.workflow_id == task.c.workflow_id)
            .where(among(task.c.task_id, some))
            .order_by(task.c.task_id)
            .with_for_update(of=task)
        )
        for row in (await connection.execute(query)).mappings():
            found[row["task_id"]] = dict(row)
    return found


async def mark_submitted(connection: AsyncConnection, ids: Mapping[int, Any]) -> None:
    """Write SUBMITTED and the time of it."""
    change = (
        task.update()
        .where(task.c.task_id == bindparam("number"))
        .values(status=TaskStatus.SUBMITTED, submitted_at=now().isoformat(), reason="")
    )
    if ids:
        await connection.execute(change, [{"number": number} for number in sorted(ids)])


async def open_datasets(connection: AsyncConnection, uids: Mapping[int, str]) -> None:
    """Give datasets that were only planned their uid: they are open, or what came early says."""
    query = select(dataset.c.dataset_id).where(dataset.c.uid.is_(None))
    new: dict[int, str] = {}
    for some in chunks(uids):
        rows = await connection.execute(query.where(among(dataset.c.dataset_id, some)))
        new |= {number: uids[number] for number in rows.scalars()}
    if not new:
        return
    change = dataset.update().where(dataset.c.dataset_id == bindparam("number"))
    await connection.execute(change, [{"number": n, "uid": u} for n, u in sorted(new.items())])
    await open_states(connection, new)


async def _name(connection: AsyncConnection, names: Mapping[int, str]) -> None:
    change = task.update().where(task.c.task_id == bindparam("number"))
    rows = [{"number": n, "external_id": name} for n, name in sorted(names.items())]
    if rows:
        await connection.execute(change, rows)
