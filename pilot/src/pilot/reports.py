"""The report log: task counts and final jobs, in the order of commits."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.workflow import JobReport, TaskReport
from penstock_core.contracts.workload import Report, ReportPage
from penstock_core.errors import InvalidInput
from penstock_core.states import TASK_MOVES, JobState, TaskStatus, check_move
from pilot.judging import Standing, judge
from pilot.tables import dataset, job, report, task, task_input


async def page(connection: AsyncConnection, after: int, limit: int) -> ReportPage:
    """Return reports after a cursor; raises ``InvalidInput`` for one that was never given out."""
    query = select(report).where(report.c.seq > after).order_by(report.c.seq).limit(limit)
    rows = (await connection.execute(query)).mappings().all()
    if rows:
        return ReportPage(reports=tuple(Report(**row) for row in rows), cursor=rows[-1]["seq"])
    newest = await connection.scalar(select(func.max(report.c.seq))) or 0
    if after > newest:
        raise InvalidInput(
            f"There is no report {after}: the newest is {newest}.",
            hint="Follow the log from a cursor that it gave, or from 0.",
            field="after",
            facts={"newest": newest},
        )
    return ReportPage(reports=(), cursor=after)


async def add_jobs(connection: AsyncConnection, job_ids: Sequence[int]) -> None:
    """Append the reports of jobs that have become final, in the order of their ids."""
    if not job_ids:
        return
    query = select(job, task.c.spec).join(task).where(job.c.id.in_(job_ids)).order_by(job.c.id)
    rows = (await connection.execute(query)).all()
    bodies = [{"job": job_report(row).model_dump(mode="json")} for row in rows]
    await connection.execute(report.insert(), bodies)


def job_report(row: Row[Any]) -> JobReport:
    """Return the report of a job as its row, joined with its task's ``spec``, is now."""
    return JobReport(
        task_id=row.spec["task_id"],
        index=row.number,
        state=JobState(row.state),
        attempts=row.attempts,
        exit_code=row.exit_code,
        reason=row.reason,
        host=row.host,
        started_at=_moment(row.started_at),
        ended_at=_moment(row.ended_at),
        log_tail=row.log_tail,
        inputs=tuple(row.inputs),
        outputs=tuple(row.outputs),
        log=row.log,
        command=row.command,
        environment=row.environment,
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


async def add_task(connection: AsyncConnection, row: Row[Any]) -> TaskReport:
    """Append a report of a task's counts, and move the task to the status that they say."""
    standing, output_files, log_files = await _standing(connection, row)
    status = judge(standing)
    if status is TaskStatus.SUBMITTED and row.state == TaskStatus.IN_PROGRESS:
        status = TaskStatus.IN_PROGRESS  # retried, and without jobs once more
    check_move(TASK_MOVES, TaskStatus(row.state), status, f"Task {row.name}")
    counts = TaskReport(
        task_id=row.spec["task_id"],
        status=status,
        jobs=sum(standing.jobs.values()),
        running=standing.count(JobState.RUNNING, JobState.STAGED),
        finished=standing.count(JobState.FINISHED),
        failed=standing.count(JobState.FAILED),
        output_files=output_files,
        log_files=log_files,
        output_uid=row.spec["output_uid"],
        log_uid=row.spec["log_uid"],
        reason=row.reason or await _first_reason(connection, row.id),
        input_incomplete=await _lacks(connection, row.id),
    )
    await connection.execute(report.insert().values(task=counts.model_dump(mode="json")))
    here = task.c.id == row.id
    await connection.execute(update(task).where(here).values(state=status, changed=False))
    return counts


async def _lacks(connection: AsyncConnection, task_id: int) -> bool:
    """Return whether an input of this task is incomplete, as far as it was read."""
    query = select(dataset.c.uid).join(task_input).where(task_input.c.task_id == task_id)
    return await connection.scalar(query.where(dataset.c.incomplete).limit(1)) is not None


async def _standing(connection: AsyncConnection, row: Row[Any]) -> tuple[Standing, int, int]:
    query = (
        select(
            job.c.state,
            func.count(),
            func.count(job.c.manifest),
            func.sum(job.c.output_files),
            func.sum(job.c.log_files),
            func.sum(case((job.c.skipped, 1), else_=0)),
        )
        .where(job.c.task_id == row.id)
        .group_by(job.c.state)
    )
    rows = (await connection.execute(query)).all()
    standing = Standing(
        jobs={JobState(state): count for state, count, *_ in rows},
        unregistered=sum(waiting for _, _, waiting, *_ in rows),
        complete=row.complete,
        cancelled=row.cancelled,
        broken=bool(row.reason),
        skipped=sum(r[5] for r in rows),
    )
    return standing, sum(r[3] for r in rows), sum(r[4] for r in rows)


async def _first_reason(connection: AsyncConnection, task_id: int) -> str:
    """Return what a job of this task says of itself, the lowest index first."""
    said = (job.c.task_id == task_id) & (job.c.reason != "")
    query = select(job.c.number, job.c.reason).where(said).order_by(job.c.number).limit(1)
    found = (await connection.execute(query)).first()
    return f"Job {found.number}: {found.reason}" if found else ""
