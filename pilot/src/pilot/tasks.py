"""Taking tasks in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.workload import Accepted, WorkloadTask
from penstock_core.states import FINAL_TASKS, TaskStatus
from pilot import contents
from pilot.tables import task


async def submit(
    connection: AsyncConnection, specs: Sequence[WorkloadTask]
) -> tuple[Accepted, ...]:
    """Store new tasks; a name that is there is the same task, or refused if it says otherwise."""
    return tuple([await _submit_one(connection, spec) for spec in specs])


async def _submit_one(connection: AsyncConnection, spec: WorkloadTask) -> Accepted:
    found = await _find(connection, spec.name)
    if found is None:
        await _insert(connection, spec)
        return Accepted(name=spec.name, outcome="accepted")
    if _same(WorkloadTask.model_validate(found.spec), spec):
        return Accepted(name=spec.name, outcome="already")
    reason = f"The name {spec.name} is taken by a task that is not the same."
    return Accepted(name=spec.name, outcome="refused", reason=reason)


def _same(one: WorkloadTask, other: WorkloadTask) -> bool:
    """Return whether both are one task; its rank may have been changed since."""
    return one == other.model_copy(update={"rank": one.rank})


async def _find(connection: AsyncConnection, name: str) -> Row[Any] | None:
    return (await connection.execute(select(task).where(task.c.name == name))).first()


async def _insert(connection: AsyncConnection, spec: WorkloadTask) -> None:
    row = {
        "name": spec.name,
        "spec": spec.model_dump(mode="json"),
        "rank": spec.rank,
        "behind": spec.behind,
        "state": TaskStatus.SUBMITTED,
        "paused": False,
        "cancelled": False,
        "formed_to": 0,
        "complete": False,
        "changed": True,
        "reason": "",
    }
    made = await connection.execute(task.insert().values(**row).returning(task.c.id))
    pairs = [(one.step, one.dataset_uid) for one in spec.inputs]
    await contents.watch(connection, made.scalar_one(), pairs)


async def any_live(connection: AsyncConnection) -> bool:
    """Return whether there is a task that may still have jobs to run."""
    live = select(task.c.id).where(task.c.state.not_in(FINAL_TASKS)).limit(1)
    return await connection.scalar(live) is not None
