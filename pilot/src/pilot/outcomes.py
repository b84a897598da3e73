"""Storing what became of jobs, in one transaction with all that follows from it."""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clock import now
from penstock_core.states import JobState
from pilot import jobs, reports
from pilot.judging import pause_s
from pilot.model import Cancelled, Claim, Failed, Lost, Outcome, Postponed, Staged, Traces
from pilot.settings import PilotSettings
from pilot.tables import job, task

_Before = Row[tuple[int, int, int, bool]]


async def store(
    connection: AsyncConnection, ended: Sequence[tuple[Claim, Outcome]], settings: PilotSettings
) -> None:
    """Store the outcomes of running jobs. A job whose task was cancelled is not tried again."""
    columns = (job.c.id, job.c.failures, job.c.losses, task.c.cancelled)
    query = select(*columns).join(task).where(job.c.id.in_([claim.id for claim, _ in ended]))
    rows = {row.id: row for row in await connection.execute(query)}
    staged = {claim.id: _staged(outcome) for claim, outcome in ended if isinstance(outcome, Staged)}
    await jobs.move_each(connection, JobState.RUNNING, JobState.STAGED, staged)
    for claim, outcome in ended:
        if not isinstance(outcome, Staged):
            await _store(connection, claim, outcome, rows[claim.id], settings)
    await jobs.mark_changed(connection, {claim.task_id for claim, _ in ended})


async def _store(
    connection: AsyncConnection,
    claim: Claim,
    outcome: Failed | Lost | Postponed | Cancelled,
    row: _Before,
    settings: PilotSettings,
) -> None:
    if row.cancelled:
        outcome = Cancelled()
    match outcome:
        case Failed():
            await _store_failed(connection, claim, outcome, row.failures + 1, settings)
        case Lost():
            await _store_lost(connection, claim, outcome, row, settings)
        case Postponed():
            later = now().timestamp() + max(settings.retry_first_pause_s, 0.1)
            waiting = {"next_try_at": later, "reason": outcome.reason}
            await jobs.move(connection, claim.id, JobState.RUNNING, JobState.DEFINED, **waiting)
        case Cancelled():
            await cancel(connection, claim.id, JobState.RUNNING, outcome.reason)


async def cancel(
    connection: AsyncConnection,
    job_id: int,
    before: JobState,
    reason: str = Cancelled().reason,
) -> None:
    """Cancel a job that waits or runs, and report it."""
    ended = {"ended_at": now().timestamp(), "reason": reason}
    await jobs.move(connection, job_id, before, JobState.CANCELLED, **ended)
    await reports.add_jobs(connection, [job_id])


def _staged(outcome: Staged) -> dict[str, object]:
    manifest = outcome.manifest.model_dump(mode="json")
    return _columns(outcome.traces) | {"manifest": manifest, "skipped": outcome.skipped}


async def _store_failed(
    connection: AsyncConnection,
    claim: Claim,
    outcome: Failed,
    failures: int,
    settings: PilotSettings,
) -> None:
    # A reason may name a file of the tool's, whose name may be no text at all.
    reason = outcome.reason.encode(errors="backslashreplace").decode()
    values = _columns(outcome.traces) | {"reason": reason, "failures": failures}
    final = outcome.final or failures > claim.spec.retry
    if final and outcome.manifest:
        values["manifest"] = outcome.manifest.model_dump(mode="json")
    await jobs.move(connection, claim.id, JobState.RUNNING, JobState.FAILED, **values)
    if not final:
        wait_s = pause_s(failures, settings.retry_first_pause_s, settings.retry_longest_pause_s)
        due = now().timestamp() + wait_s
        await jobs.move(connection, claim.id, JobState.FAILED, JobState.DEFINED, next_try_at=due)
    elif not outcome.manifest:
        await reports.add_jobs(connection, [claim.id])


async def _store_lost(
    connection: AsyncConnection,
    claim: Claim,
    outcome: Lost,
    row: _Before,
    settings: PilotSettings,
) -> None:
    if row.losses + 1 >= settings.lost_limit:
        gone = f"It was lost {row.losses + 1} times. {outcome.reason}"
        await jobs.move(connection, claim.id, JobState.RUNNING, JobState.FAILED, reason=gone)
        await reports.add_jobs(connection, [claim.id])
        return
    again = pause_s(row.losses, settings.retry_first_pause_s, settings.retry_longest_pause_s)
    due = now().timestamp() + (again if row.losses else 0.0)
    await jobs.put_back(connection, claim.id, row.losses, outcome.reason, due)


def _columns(traces: Traces) -> dict[str, object]:
    return {
        "exit_code": traces.exit_code,
        "log_tail": traces.log_tail,
        "inputs": list(traces.inputs),
        "outputs": list(traces.outputs),
        "log": traces.log,
        "command": traces.command,
        "ended_at": now().timestamp(),
    }
