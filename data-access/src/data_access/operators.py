"""What an operator may ask of a task: another rank, its end, its deletion."""

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row
from data_access.cancelling import cancel_dependants, write_cancelled
from data_access.schema import log, task
from data_access.submitted import lock_tasks
from data_access.task_events import request_event
from data_access.task_rows import no_task
from penstock_core.errors import Conflict, InvalidInput
from penstock_core.states import FINAL_TASKS, TASK_MOVES, TaskStatus, check_move
from penstock_core.store import Store

_RUNS = frozenset({TaskStatus.SUBMITTED, TaskStatus.IN_PROGRESS})


async def set_rank(store: Store, task_id: int, rank: int) -> None:
    """Write a task's rank; where it runs, the workload system is asked to follow."""
    async with store.write() as connection:
        row = await _locked(connection, task_id)
        if row["status"] in FINAL_TASKS:
            raise Conflict(
                f"Task {task_id} is {row['status']}: its rank decides nothing any more.",
                hint="Rank a task that is DEFINED, SUBMITTED or IN_PROGRESS.",
            )
        this = task.c.task_id == task_id
        await connection.execute(task.update().where(this).values(rank=rank))
        if row["status"] in _RUNS:
            await log.append(connection, [request_event(row, "rank", rank=rank)])


async def set_status(store: Store, task_id: int, status: TaskStatus, actor: str) -> None:
    """Cancel a task: at once while it is DEFINED, else by asking the workload system."""
    async with store.write() as connection:
        row = await _locked(connection, task_id)
        before = TaskStatus(row["status"])
        if status is before:
            return
        _require_cancelled(status)
        check_move(TASK_MOVES, before, status, f"Task {task_id}")
        if before in _RUNS:
            await log.append(connection, [request_event(row, "cancel")])
            return
        await write_cancelled(connection, [(row, f"cancelled by {actor}")])
        await cancel_dependants(connection, [row["workflow_id"]])


async def delete_task(store: Store, task_id: int) -> None:
    """Delete a task that does not run, with its jobs' history; raises ``Conflict``."""
    async with store.write() as connection:
        row = await _locked(connection, task_id)
        if row["status"] in _RUNS:
            raise Conflict(
                f"Task {task_id} is {row['status']}, so it cannot be deleted.",
                hint=f'Cancel it first: PUT /task/{task_id}/status {{"status": "CANCELLED"}}.',
                facts={"status": row["status"]},
            )
        if row["status"] == TaskStatus.DEFINED:
            await write_cancelled(connection, [(row, "deleted")])
            await cancel_dependants(connection, [row["workflow_id"]])
        await connection.execute(task.delete().where(task.c.task_id == task_id))


async def _locked(connection: AsyncConnection, task_id: int) -> Row:
    rows = await lock_tasks(connection, {task_id: None})
    if task_id not in rows:
        raise no_task(task_id)
    return rows[task_id]


def _require_cancelled(status: TaskStatus) -> None:
    if status is not TaskStatus.CANCELLED:
        raise InvalidInput(
            f"A task's status cannot be set to {status} by hand.",
            hint="CANCELLED can be asked for; all else is what the workload system reports.",
            field="status",
            facts={"allowed": [TaskStatus.CANCELLED]},
        )
