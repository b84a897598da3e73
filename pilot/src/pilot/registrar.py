"""Registering what jobs made: each job's files all or nothing, from its stored manifest."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update
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
            ended = [
                row.id
                for row, manifest in zip(waiting, manifests, strict=True)
                if await _settle(connection, row, manifest, answers[manifest.job], row.id in again)
            ]
            await reports.add_jobs(connection, ended)
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


async def _settle(
    connection: AsyncConnection, row: _Waiting, manifest: Manifest, answer: Outcome, again: bool
) -> bool:
    """Store what the storage manager answered; return whether the job has ended with it."""
    if not answer.ok:
        return await _refused(connection, row, answer, again)
    log_uid = row.spec["log_uid"]
    logs = sum(len(p.files) for p in manifest.parts if p.dataset_uid == log_uid)
    values: dict[str, Any] = {
        "output_files": sum(len(p.files) for p in manifest.parts) - logs,
        # Those of rounds before stay in the log dataset, and count.
        "log_files": row.log_files + logs,
    }
    if row.state == JobState.STAGED:
        values["reason"] = _SKIPPED if row.skipped else ""
    return await _move(connection, row, JobState.FINISHED, again, **values)


async def _move(
    connection: AsyncConnection, row: _Waiting, staged_to: JobState, again: bool, **values: Any
) -> bool:
    """Have a job whose manifest is settled end, or be tried ``again``; return whether it ended."""
    before = JobState(row.state)
    after = staged_to if before is JobState.STAGED else JobState.FAILED
    if again:
        after = JobState.DEFINED
    await jobs.move(connection, row.id, before, after, manifest=None, **values)
    return not again


async def _refused(
    connection: AsyncConnection, row: _Waiting, answer: Outcome, again: bool
) -> bool:
    """Fail a job whose files can never be registered; try others later, for the bytes are safe."""
    log.error("Registering %s was refused: %s", answer.key, answer.details)
    reason = f"The storage manager refused to register its files: {answer.details}"
    if isinstance(from_json(404, answer.error or {}), Conflict | InvalidInput):
        return await _move(connection, row, JobState.FAILED, again, reason=reason)
    later = {"next_try_at": now().timestamp() + REFUSED_PAUSE_S, "reason": reason}
    await connection.execute(update(job).where(job.c.id == row.id).values(**later))
    return False
