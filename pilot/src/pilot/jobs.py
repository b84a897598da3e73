"""The moves of jobs in the store: each one guarded by the state table, none twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clock import now
from penstock_core.contracts.workflow import Environment
from penstock_core.contracts.workload import WorkloadTask
from penstock_core.errors import Stale
from penstock_core.states import JOB_MOVES, JobState, check_move
from penstock_core.stretches import stretches
from pilot.grouping import Stretch
from pilot.model import Claim
from pilot.tables import job, task

_BLANK = {
    "attempts": 0,
    "failures": 0,
    "losses": 0,
    "round": 0,
    "next_try_at": 0.0,
    "host": "",
    "reason": "",
    "log_tail": "",
    "inputs": [],
    "outputs": [],
    "log": "",
    "command": "",
    "skipped": False,
    "output_files": 0,
    "log_files": 0,
}
_ROWS = 500
"""That one statement takes."""
_CLAIMED = [job.c[n] for n in ("id", "task_id", "number", "attempts", "round", "first", "last")]


async def add(connection: AsyncConnection, task_id: int, indexes: Sequence[int]) -> None:
    """Add the jobs of a task with these indexes; those that are there stay as they are."""
    await _insert(connection, task_id, [{"number": index} for index in indexes])


async def add_groups(
    connection: AsyncConnection, task_id: int, stretches: Sequence[Stretch]
) -> None:
    """Add a job for each group, numbered on from those that the task has."""
    query = select(func.count()).where(job.c.task_id == task_id)
    made = await connection.scalar(query) or 0
    groups = [
        {"number": made + n, "first": each.first, "last": each.last}
        for n, each in enumerate(stretches)
    ]
    await _insert(connection, task_id, groups)


async def _insert(
    connection: AsyncConnection, task_id: int, new: Sequence[Mapping[str, int]]
) -> None:
    state = {"task_id": task_id, "state": JobState.DEFINED}
    rows = [_BLANK | state | dict(each) for each in new]
    statement = insert(job).on_conflict_do_nothing(index_elements=["task_id", "number"])
    for batch in stretches(rows, _ROWS):
        await connection.execute(statement, batch)


async def claim(
    connection: AsyncConnection, limit: int, host: str, environment: Environment
) -> list[Claim]:
    """Start up to ``limit`` due jobs: highest rank first, then oldest task, then lowest index.

    Of one rank the tasks over live data come before those over a backlog. The jobs are noted to
    run on ``host`` and in ``environment``.
    """
    moment = now().timestamp()
    due = and_(job.c.state == JobState.DEFINED, job.c.next_try_at <= moment)
    query = (
        select(*_CLAIMED, task.c.spec)
        .join(task)
        .where(due, _may_start())
        .order_by(task.c.rank.desc(), task.c.behind, task.c.id, job.c.number)
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    place = {"host": host, "environment": environment.model_dump()}
    started = place | {"started_at": moment, "last_seen_at": moment, "ended_at": None}
    values = started | {"attempts": job.c.attempts + 1, "reason": "", "exit_code": None}
    ids = [row.id for row in rows]
    await move_all(connection, ids, JobState.DEFINED, JobState.RUNNING, **values)
    await mark_changed(connection, {row.task_id for row in rows})
    return [
        Claim(
            row.id,
            row.task_id,
            row.number,
            row.attempts + 1,
            row.round,
            _spec(row.spec),
            None if row.first is None else Stretch(row.first, row.last),
        )
        for row in rows
    ]


def _spec(body: dict[str, Any]) -> WorkloadTask:
    return WorkloadTask.model_validate(body)


async def move(
    connection: AsyncConnection, job_id: int, before: JobState, after: JobState, **values: Any
) -> None:
    """Move one job; raises ``IllegalMove`` for no such edge, ``Stale`` if it is not ``before``."""
    await move_all(connection, [job_id], before, after, **values)


async def move_all(
    connection: AsyncConnection,
    job_ids: Sequence[int],
    before: JobState,
    after: JobState,
    **values: Any,
) -> None:
    """Move jobs together; raises as ``move`` does: the transaction is to be rolled back then."""
    for batch in stretches(job_ids, _ROWS):
        which = f"Job {', '.join(map(str, batch))}"
        check_move(JOB_MOVES, before, after, which)
        here = and_(job.c.id.in_(batch), job.c.state == before)
        result = await connection.execute(update(job).where(here).values(state=after, **values))
        if result.rowcount != len(batch):
            raise Stale(f"{which}: not {before} any more.", facts={"jobs": list(batch)})


async def move_each(
    connection: AsyncConnection,
    before: JobState,
    after: JobState,
    values: Mapping[int, Mapping[str, Any]],
) -> None:
    """Move jobs together, each with its own ``values`` of the same columns; raises as ``move``."""
    if not values:
        return
    which = f"Job {', '.join(map(str, values))}"
    check_move(JOB_MOVES, before, after, which)
    columns: dict[str, Any] = {n: bindparam(f"new_{n}") for n in next(iter(values.values()))}
    here = and_(job.c.id == bindparam("job_id"), job.c.state == before)
    rows = [
        {"job_id": job_id} | {f"new_{name}": value for name, value in new.items()}
        for job_id, new in values.items()
    ]
    statement = update(job).where(here).values(state=after, **columns)
    result = await connection.execute(statement, rows)
    if result.rowcount != len(rows):
        raise Stale(f"{which}: not {before} any more.", facts={"jobs": list(values)})


async def mark_changed(connection: AsyncConnection, task_ids: set[int]) -> None:
    """Have these tasks reported again."""
    if task_ids:
        await connection.execute(update(task).where(task.c.id.in_(task_ids)).values(changed=True))


async def lose_running(connection: AsyncConnection) -> None:
    """Put back what ran when the pilot died: it is run again, and no retry is used up."""
    running = select(job.c.id, job.c.task_id, job.c.losses).where(job.c.state == JobState.RUNNING)
    rows = (await connection.execute(running)).all()
    for row in rows:
        await put_back(connection, row.id, row.losses, "The pilot was stopped while it ran.", 0.0)
    await mark_changed(connection, {row.task_id for row in rows})


async def put_back(
    connection: AsyncConnection, job_id: int, losses: int, reason: str, at: float
) -> None:
    """Take a lost job through LOST to DEFINED, to be tried at the Unix time ``at``."""
    lost = {"losses": losses + 1, "reason": reason}
    await move(connection, job_id, JobState.RUNNING, JobState.LOST, **lost)
    await move(connection, job_id, JobState.LOST, JobState.DEFINED, next_try_at=at)


async def see(connection: AsyncConnection, job_ids: Sequence[int]) -> None:
    """Store that these jobs were seen running just now."""
    seen = update(job).where(job.c.id.in_(job_ids), job.c.state == JobState.RUNNING)
    await connection.execute(seen.values(last_seen_at=now().timestamp()))


async def first_due(connection: AsyncConnection) -> float | None:
    """Return the Unix time from which on the next waiting job may be tried; None without one.

    Jobs of paused and cancelled tasks do not count.
    """
    waiting = and_(job.c.state == JobState.DEFINED, _may_start())
    query = select(func.min(job.c.next_try_at)).select_from(job).join(task).where(waiting)
    due: float | None = await connection.scalar(query)
    return due


def _may_start() -> ColumnElement[bool]:
    return and_(task.c.paused.is_(False), task.c.cancelled.is_(False))
