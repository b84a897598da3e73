"""Registering what jobs made: each job's files all or nothing, from its stored manifest."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clients.dsm import DsmClient
from penstock_core.clock import now
from penstock_core.contracts.dsm import Manifest, Outcome
from penstock_core.errors import Conflict, InvalidInput, from_json
from penstock_core.states import JobState
from penstock_core.store import Store
from pilot import jobs, reports
from pilot.model import failed_key, job_key
from pilot.tables import job, task

log = logging.getLogger(__name__)
BATCH = 100
REFUSED_PAUSE_S = 10.0

_SKIPPED = "The condition of its step (when) was false."
_Waiting = Row[Any]


class Registrar:
    """Sends stored manifests to the storage manager until each has been taken.

    A manifest that is sent twice registers once, so one whose answer was lost is sent again.
    """

    def __init__(self, store: Store, dsm: DsmClient) -> None:
        self._store = store
        self._dsm = dsm

    async def register(self) -> bool:
        """Register a batch; return whether there may be more. A reconciler's work."""
        async with self._store.read() as connection:
            waiting = await _waiting(connection)
        if not waiting:
            return False
        manifests = [Manifest.model_validate(row.manifest) for row in waiting]
        answers = {answer.key: answer for answer in await self._dsm.register(manifests)}
        async with self._store.write() as connection:
            again = await _retried(connection, waiting)
            settled = [
                _settled(row, manifest, answers[manifest.job], row.id in again)
                for row, manifest in zip(waiting, manifests, strict=True)
            ]
            await _store(connection, settled)
            await reports.add_jobs(connection, [one.job_id for one in settled if one.ended])
            await jobs.mark_changed(connection, {row.task_id for row in waiting})
        return True


async def _waiting(connection: AsyncConnection) -> Sequence[_Waiting]:
    query = (
        select(
            *(job.c[name] for name in ("id", "task_id", "number", "state", "manifest", "skipped")),
            *(job.c.log_files, task.c.spec),
        )
        .join(task)
        .where(
            job.c.state.in_([JobState.STAGED, JobState.FAILED]),
            job.c.manifest.is_not(None),
            job.c.next_try_at <= now().timestamp(),
        )
        .order_by(job.c.id)
        .limit(BATCH)
    )
    return (await connection.execute(query)).all()


async def _retried(connection: AsyncConnection, waiting: Sequence[_Waiting]) -> set[int]:
    """Return the jobs that are to be tried again: their round has passed that of the manifest."""
    rounds = select(job.c.id, job.c.round).where(job.c.id.in_([row.id for row in waiting]))
    now_at = dict((await connection.execute(rounds)).tuples().all())
    return {
        row.id
        for row in waiting
        if row.state == JobState.FAILED
        and row.manifest["job"] != failed_key(job_key(row.spec["name"], row.number), now_at[row.id])
    }


@dataclass(frozen=True, slots=True)
class _Settled:
    """What an answer means for a job: its move, what is stored with it, whether it has ended."""

    job_id: int
    before: JobState
    after: JobState
    values: Mapping[str, Any]
    ended: bool


def _settled(row: _Waiting, manifest: Manifest, answer: Outcome, again: bool) -> _Settled:
    """Return what the storage manager's answer means; ``again``: the job is to be tried again."""
    if not answer.ok:
        return _refused(row, answer, again)
    log_uid = row.spec["log_uid"]
    logs = sum(len(p.files) for p in manifest.parts if p.dataset_uid == log_uid)
    values: dict[str, Any] = {
        "output_files": sum(len(p.files) for p in manifest.parts) - logs,
        # Those of rounds before stay in the log dataset, and count.
        "log_files": row.log_files + logs,
    }
    if row.state == JobState.STAGED:
        values["reason"] = _SKIPPED if row.skipped else ""
    return _moved(row, JobState.FINISHED, again, values)


def _moved(row: _Waiting, staged_to: JobState, again: bool, values: Mapping[str, Any]) -> _Settled:
    """Return how a job ends whose manifest is settled, or that it is tried ``again``."""
    before = JobState(row.state)
    after = staged_to if before is JobState.STAGED else JobState.FAILED
    if again:
        after = JobState.DEFINED
    return _Settled(row.id, before, after, {"manifest": None} | dict(values), not again)


def _refused(row: _Waiting, answer: Outcome, again: bool) -> _Settled:
    """Fail a job whose files can never be registered; try others later, for the bytes are safe."""
    log.error("Registering %s was refused: %s", answer.key, answer.details)
    reason = f"The storage manager refused to register its files: {answer.details}"
    if isinstance(from_json(404, answer.error or {}), Conflict | InvalidInput):
        return _moved(row, JobState.FAILED, again, {"reason": reason})
    later = {"next_try_at": now().timestamp() + REFUSED_PAUSE_S, "reason": reason}
    state = JobState(row.state)
    return _Settled(row.id, state, state, later, ended=False)


async def _store(connection: AsyncConnection, settled: Sequence[_Settled]) -> None:
    """Store the moves, those that are alike in one statement."""
    alike: dict[tuple[JobState, JobState, frozenset[str]], dict[int, Mapping[str, Any]]] = {}
    for one in settled:
        kind = (one.before, one.after, frozenset(one.values))
        alike.setdefault(kind, {})[one.job_id] = one.values
    for (before, after, _), values in alike.items():
        await jobs.move_each(connection, before, after, values)
