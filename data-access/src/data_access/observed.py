"""What the workload system reported: tasks move by the table, final jobs become history."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.effects import paused_alarm
from data_access.alarms import clear_alarms
from data_access.bulk import Row, insert_into
from data_access.cancelling import cancel_dependants
from data_access.failure_policies import apply_policies, count_ended
from data_access.provenance import store_uses
from data_access.schema import job, log, task
from data_access.submitted import lock_tasks, open_datasets
from data_access.task_events import (
    external_name,
    late_requests,
    request_event,
    status_event,
)
from penstock_core.clock import now
from penstock_core.contracts.workflow import JobReport, ObservedBatch, TaskReport
from penstock_core.eventlog import NewEvent
from penstock_core.states import FINAL_TASKS, TASK_MOVES, TaskStatus, may_move
from penstock_core.store import Store

logger = logging.getLogger(__name__)
_COUNTS = ("jobs", "running", "finished", "failed", "output_files", "log_files")
_TEXTS = ("reason", "host", "log_tail", "command")
_RUNS = frozenset({TaskStatus.SUBMITTED, TaskStatus.IN_PROGRESS})


async def store_observed(store: Store, batch: ObservedBatch) -> None:
    """Store reports and the cursor in one transaction; raises ``Stale``.

    A report that cannot be true is logged and left out; the others go on.
    """
    reports = {report.task_id: report for report in batch.tasks}
    async with store.write() as connection:
        await log.move(connection, batch.follower, batch.expected, batch.cursor)
        rows = await lock_tasks(connection, reports | {j.task_id: None for j in batch.jobs})
        await _open_outputs(connection, rows, reports)
        changed = await _move_tasks(connection, rows, reports)
        moved = [row for n, row in changed.items() if row["status"] != rows[n]["status"]]
        await log.append(connection, [status_event(row) for row in moved])
        cancelled = [r["workflow_id"] for r in moved if r["status"] == TaskStatus.CANCELLED]
        await cancel_dependants(connection, cancelled)
        await log.append(connection, _unaware(rows, reports))
        await _store_jobs(connection, [j for j in batch.jobs if j.task_id in rows])
        counted = await count_ended(connection, rows | changed, batch.jobs)
        await clear_alarms(connection, [paused_alarm(row) for row in _ended(rows, moved)])
        news = {row["task_id"]: row for row in moved} | counted
        await apply_policies(connection, list(news.values()))


async def _open_outputs(
    connection: AsyncConnection, rows: Mapping[int, Row], reports: Mapping[int, TaskReport]
) -> None:
    """Name the datasets of tasks that are reported before their submission is."""
    early = {n: r for n, r in rows.items() if n in reports and r["status"] == TaskStatus.DEFINED}
    uids = {row["datas_out_id"]: reports[n].output_uid for n, row in early.items()}
    uids |= {row["datas_log_id"]: reports[n].log_uid for n, row in early.items()}
    await open_datasets(connection, {number: uid for number, uid in uids.items() if uid})


async def _move_tasks(
    connection: AsyncConnection, rows: Mapping[int, Row], reports: Mapping[int, TaskReport]
) -> dict[int, Row]:
    """Write status and counts; return the rows, as they are then, that were written."""
    at = now().isoformat()
    changes: list[Row] = []
    for number, report in sorted(reports.items()):
        after = next_status(rows[number]["status"], report.status) if number in rows else None
        if after is None:
            _refuse(report, rows.get(number))
            continue
        change = _change(rows[number], report, after, at)
        changes.append({"number": number, **change})
    if changes:
        await connection.execute(
            task.update().where(task.c.task_id == bindparam("number")), changes
        )
    return {each["number"]: {**rows[each["number"]], **each} for each in changes}


def next_status(before: str, reported: TaskStatus) -> TaskStatus | None:
    """Return the status that follows from a report, or None where it cannot be true.

    A task that is reported was submitted, whether that was stored yet or not; a report that
    falls back among the running states tells counts alone.
    """
    status = TaskStatus(before)
    if status in _RUNS and reported in (*_RUNS, TaskStatus.DEFINED):
        return max(status, reported, key=[TaskStatus.DEFINED, *_ORDER].index)
    if status is TaskStatus.DEFINED and reported is not status:
        status = TaskStatus.SUBMITTED
    return reported if may_move(TASK_MOVES, status, reported) else None


def _unaware(rows: Mapping[int, Row], reports: Mapping[int, TaskReport]) -> list[NewEvent]:
    """Return the requests for tasks about which was decided while they were on their way."""
    unaware = []
    for number, report in sorted(reports.items()):
        row = rows.get(number)
        if row is None or report.status in FINAL_TASKS:
            continue
        if row["status"] == TaskStatus.CANCELLED:
            unaware.append(request_event(row, "cancel"))
        elif row["status"] == TaskStatus.DEFINED:
            unaware += late_requests(row)
    return unaware


def _ended(rows: Mapping[int, Row], moved: Sequence[Row]) -> list[Row]:
    """Return those of ``moved`` that have ended and were paused: they are not any more."""
    return [r for r in moved if r["status"] in FINAL_TASKS and rows[r["task_id"]]["paused"]]


_ORDER = (TaskStatus.SUBMITTED, TaskStatus.IN_PROGRESS)


def _refuse(report: TaskReport, row: Row | None) -> None:
    before = row["status"] if row else "unknown"
    logger.warning(
        "Report left out: task %s is %s and was said to be %s.",
        *(report.task_id, before, report.status),
    )


def _change(row: Row, report: TaskReport, after: TaskStatus, at: str) -> Row:
    is_final = after in FINAL_TASKS
    began = None if after is TaskStatus.DEFINED else at
    return {
        "status": after,
        "reason": _storable(report.reason),
        "external_id": external_name(row) if began else row["external_id"],
        "submitted_at": row["submitted_at"] or began,
        "ended_at": (row["ended_at"] or at) if is_final else None,
        "paused": row["paused"] and not is_final,
        **{name: getattr(report, name) for name in _COUNTS},
    }


def _storable(text: str) -> str:
    """Return a program's text without NUL, which PostgreSQL does not store."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


async def _store_jobs(connection: AsyncConnection, jobs: Sequence[JobReport]) -> None:
    """Store final jobs, each once; a later attempt, after a retry of the task, replaces it."""
    if not jobs:
        return
    change = insert_into(connection, job)
    newer = {c.name: change.excluded[c.name] for c in job.c if not c.primary_key}
    later = change.excluded.attempts > job.c.attempts
    change = change.on_conflict_do_update(
        index_elements=["task_id", "index"], set_=newer, where=later
    )
    await connection.execute(change, list(_job_rows(jobs)))
    await store_uses(connection, jobs)


def _job_rows(jobs: Iterable[JobReport]) -> Iterable[dict[str, Any]]:
    for report in jobs:
        row = report.model_dump() | {n: _storable(getattr(report, n)) for n in _TEXTS}
        for name in ("started_at", "ended_at"):
            row[name] = row[name].isoformat() if row[name] else None
        yield row | {"inputs": list(report.inputs), "outputs": list(report.outputs)}
