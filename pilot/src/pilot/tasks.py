"""Taking tasks in, and what operators ask of those that run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.workload import Accepted, Command, WorkloadTask
from penstock_core.states import FINAL_TASKS, JobState, TaskStatus
from pilot import contents
from pilot.tables import job, task


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


async def command(connection: AsyncConnection, commands: Sequence[Command]) -> tuple[Accepted, ...]:
    """Do what is asked, in order; asking twice is asking once."""
    return tuple([await _command_one(connection, one) for one in commands])


async def _command_one(connection: AsyncConnection, asked: Command) -> Accepted:
    row = await _find(connection, asked.name)
    if row is None:
        return _refused(asked, f"There is no task {asked.name}.")
    if asked.action == "retry":
        return await _retry(connection, row, asked)
    if TaskStatus(row.state) in FINAL_TASKS:
        return _refused(asked, f"Task {asked.name} is {row.state}: it has ended.")
    wishes: dict[str, dict[str, Any]] = {
        "cancel": {"cancelled": True, "complete": True},
        "pause": {"paused": True},
        "resume": {"paused": False},
        "rank": {"rank": asked.rank},
    }
    wish = wishes[asked.action]
    if all(getattr(row, name) == value for name, value in wish.items()):
        return Accepted(name=asked.name, outcome="already")
    await connection.execute(update(task).where(task.c.id == row.id).values(changed=True, **wish))
    return Accepted(name=asked.name, outcome="accepted")


async def _retry(connection: AsyncConnection, row: Row[Any], asked: Command) -> Accepted:
    """Have the failed jobs tried again, their retries counted anew."""
    if row.cancelled:
        return _refused(asked, f"Task {asked.name} was cancelled.")
    failed = (job.c.task_id == row.id) & (job.c.state == JobState.FAILED) & job.c.manifest.is_(None)
    fresh = {"failures": 0, "losses": 0, "next_try_at": 0.0, "log_files": 0}
    again = update(job).where(failed).values(state=JobState.DEFINED, round=job.c.round + 1, **fresh)
    if not (await connection.execute(again)).rowcount:
        return Accepted(name=asked.name, outcome="already", reason="No job of it has failed.")
    values = {"state": TaskStatus.IN_PROGRESS, "changed": True}
    await connection.execute(update(task).where(task.c.id == row.id).values(**values))
    return Accepted(name=asked.name, outcome="accepted")


def _refused(asked: Command, reason: str) -> Accepted:
    return Accepted(name=asked.name, outcome="refused", reason=reason)
