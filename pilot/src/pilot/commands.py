"""What operators ask of tasks: cancel, retry, pause, resume, another rank; in bulk."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.workload import Accepted, Command
from penstock_core.states import FINAL_TASKS, JobState, TaskStatus
from penstock_core.stretches import stretches
from pilot.tables import job, task

_Tasks = Mapping[str, Row[Any]]
_CHUNK = 1000


async def command(connection: AsyncConnection, commands: Sequence[Command]) -> tuple[Accepted, ...]:
    """Do what is asked, in order; asking twice is asking once."""
    answers: list[Accepted] = []
    for wave in waves(commands):
        answers += await _do(connection, wave)
    return tuple(answers)


def waves(commands: Iterable[Command]) -> Iterator[list[Command]]:
    """Yield stretches of commands, each of them about every task at most once."""
    wave: dict[str, Command] = {}
    for one in commands:
        if one.name in wave:
            yield list(wave.values())
            wave = {}
        wave[one.name] = one
    if wave:
        yield list(wave.values())


async def _do(connection: AsyncConnection, wave: Sequence[Command]) -> list[Accepted]:
    rows = await _find(connection, [one.name for one in wave])
    failed = await _retry(connection, [rows[c.name] for c in wave if _is_retried(c, rows)])
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    answers = []
    for one in wave:
        row = rows.get(one.name)
        if row is not None and _is_retried(one, rows):
            answers.append(_retried(one, failed.get(row.id, 0)))
        else:
            answer, wish = _judge(one, row)
            answers.append(answer)
            if row is not None and wish:
                alike[tuple(wish.items())].append(row.id)
    for values, ids in alike.items():
        await _update(connection, ids, changed=True, **dict(values))
    return answers


def _judge(asked: Command, row: Row[Any] | None) -> tuple[Accepted, dict[str, Any]]:
    """Return the answer, and the columns to write if anything is to be done."""
    if row is None:
        return _answer(asked, "refused", f"There is no task {asked.name}."), {}
    if asked.action == "retry":
        return _answer(asked, "refused", f"Task {asked.name} was cancelled."), {}
    if TaskStatus(row.state) in FINAL_TASKS:
        return _answer(asked, "refused", f"Task {asked.name} is {row.state}: it has ended."), {}
    wish = _wish(asked)
    if all(getattr(row, name) == value for name, value in wish.items()):
        return _answer(asked, "already"), {}
    return _answer(asked, "accepted"), wish


def _wish(asked: Command) -> dict[str, Any]:
    wishes: dict[str, dict[str, Any]] = {
        "cancel": {"cancelled": True, "complete": True},
        "pause": {"paused": True},
        "resume": {"paused": False},
        "rank": {"rank": asked.rank},
    }
    return wishes[asked.action]


def _answer(asked: Command, outcome: Any, reason: str = "") -> Accepted:
    return Accepted(name=asked.name, outcome=outcome, reason=reason)


def _is_retried(asked: Command, rows: _Tasks) -> bool:
    return asked.action == "retry" and asked.name in rows and not rows[asked.name].cancelled


def _retried(asked: Command, failed: int) -> Accepted:
    if failed:
        return _answer(asked, "accepted")
    return _answer(asked, "already", "No job of it has failed.")


async def _retry(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[int, int]:
    """Have failed jobs tried again, their retries counted anew; return how many of each task.

    A task that could not make its jobs makes them now. Each task goes on if it was paused, and is
    reported again, whatever it has: whoever asked for the retry waits for that.
    """
    broken = [row.id for row in rows if row.reason]
    await _update(connection, broken, complete=False, reason="")
    await _update(connection, [row.id for row in rows], paused=False, changed=True)
    failed = await _retry_jobs(connection, [row.id for row in rows])
    failed |= dict.fromkeys(broken, 1)
    await _update(connection, list(failed), state=TaskStatus.IN_PROGRESS)
    return failed


async def _retry_jobs(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """Put failed jobs back. One whose log is still to be registered follows after that.

    That one's round tells: it is not the round of its manifest any more.
    """
    found: dict[int, int] = {}
    for some in stretches(ids, _CHUNK):
        failed = job.c.task_id.in_(some) & (job.c.state == JobState.FAILED)
        counts = select(job.c.task_id, func.count()).where(failed).group_by(job.c.task_id)
        found |= dict((await connection.execute(counts)).tuples().all())
        fresh = {"failures": 0, "losses": 0, "round": job.c.round + 1, "reason": ""}
        waits = update(job).where(failed, job.c.manifest.is_not(None)).values(**fresh)
        again = update(job).where(failed, job.c.manifest.is_(None))
        await connection.execute(waits)
        state = {"state": JobState.DEFINED, "next_try_at": 0.0}
        await connection.execute(again.values(**fresh, **state))
    return found


async def _find(connection: AsyncConnection, names: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for some in stretches(names, _CHUNK):
        rows = await connection.execute(select(task).where(task.c.name.in_(some)))
        found |= {row.name: row for row in rows}
    return found


async def _update(connection: AsyncConnection, ids: Sequence[int], **values: Any) -> None:
    for some in stretches(ids, _CHUNK):
        await connection.execute(update(task).where(task.c.id.in_(some)).values(**values))
