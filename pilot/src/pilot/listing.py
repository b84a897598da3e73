"""Lists of what the pilot has now: tasks and live jobs."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.base import Frozen, Page
from penstock_core.contracts.workflow import JobReport
from penstock_core.states import FINAL_JOBS, JobState, TaskStatus
from pilot.reports import job_report
from pilot.tables import job, task


class TaskRow(Frozen):
    """A task as the pilot holds it."""

    name: str
    task_id: int
    step: str
    status: TaskStatus
    rank: int
    paused: bool
    cancelled: bool
    reason: str


async def tasks(connection: AsyncConnection, after: int, limit: int) -> Page[TaskRow]:
    """Return a page of all tasks, oldest first."""
    query = select(task).where(task.c.id > after).order_by(task.c.id).limit(limit)
    rows = (await connection.execute(query)).all()
    return Page(items=tuple(_task_row(row) for row in rows), next=_next(rows, limit))


async def live_jobs(connection: AsyncConnection, after: int, limit: int) -> Page[JobReport]:
    """Return a page of the jobs that are not final; a running one's reason says when last seen."""
    live = (job.c.id > after) & job.c.state.not_in(FINAL_JOBS)
    query = select(job, task.c.spec).join(task).where(live).order_by(job.c.id).limit(limit)
    rows = (await connection.execute(query)).all()
    return Page(items=tuple(_live_job(row) for row in rows), next=_next(rows, limit))


def _live_job(row: Row[Any]) -> JobReport:
    report = job_report(row)
    if row.state != JobState.RUNNING:
        return report
    seen = datetime.fromtimestamp(row.last_seen_at, UTC).isoformat(timespec="seconds")
    return report.model_copy(update={"reason": f"Seen running at {seen}."})


def _task_row(row: Row[Any]) -> TaskRow:
    return TaskRow(
        name=row.name,
        task_id=row.spec["task_id"],
        step=row.spec["step"],
        status=TaskStatus(row.state),
        rank=row.rank,
        paused=row.paused,
        cancelled=row.cancelled,
        reason=row.reason,
    )


def _next(rows: Any, limit: int) -> int | None:
    return rows[-1].id if len(rows) == limit else None
