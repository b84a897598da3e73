"""What an operator may ask of one task by SPD's paths: its rank, its status, its deletion."""

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.doing import act_on_one
from data_access.actions.rules import RUNNING
from data_access.bulk import Row
from data_access.cancelling import cancel_dependants
from data_access.ending import write_ended
from data_access.schema import task
from data_access.submitted import lock_tasks
from data_access.task_rows import no_task, read_task
from penstock_core.contracts.workflow import ActionName
from penstock_core.errors import Conflict, InvalidInput
from penstock_core.states import TaskStatus
from penstock_core.store import Store

_ACTIONS = {
    TaskStatus.CANCELLED: ActionName.CANCEL,
    TaskStatus.IN_PROGRESS: ActionName.RETRY,
}


async def set_rank(store: Store, task_id: int, rank: int, actor: str) -> None:
    """Write a task's rank; where it runs, the workload system is asked to follow."""
    await act_on_one(store, task_id, ActionName.RANK, actor, rank)


async def set_status(store: Store, task_id: int, status: TaskStatus, actor: str) -> None:
    """Cancel a task, or retry one that failed; the status that it has is nothing to do."""
    async with store.read() as connection:
        before = (await read_task(connection, task_id)).status
    if status == before:
        return
    if status not in _ACTIONS:
        raise InvalidInput(
            f"A task's status cannot be set to {status} by hand.",
            hint="CANCELLED can be asked for, and IN_PROGRESS, which retries a failed task; "
            "all else is what the workload system reports.",
            field="status",
            facts={"allowed": sorted(_ACTIONS)},
        )
    await act_on_one(store, task_id, _ACTIONS[status], actor)


async def delete_task(store: Store, task_id: int) -> None:
    """Delete a task that does not run, with its jobs' history; raises ``Conflict``."""
    async with store.write() as connection:
        row = await _locked(connection, task_id)
        if row["status"] in RUNNING:
            raise Conflict(
                f"Task {task_id} is {row['status']}, so it cannot be deleted.",
                hint=f'Cancel it first: PUT /task/{task_id}/status {{"status": "CANCELLED"}}.',
                facts={"status": row["status"]},
            )
        if row["status"] == TaskStatus.DEFINED:
            await write_ended(connection, TaskStatus.CANCELLED, [(row, "deleted")])
            await cancel_dependants(connection, [row["workflow_id"]])
        await connection.execute(task.delete().where(task.c.task_id == task_id))


async def _locked(connection: AsyncConnection, task_id: int) -> Row:
    rows = await lock_tasks(connection, {task_id: None})
    if task_id not in rows:
        raise no_task(task_id)
    return rows[task_id]
