"""What a template says about failure, done in its name: pause at an error rate, accept a loss."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.doing import act_within
from data_access.actions.effects import paused_alarm
from data_access.actions.rules import LOSSY, RUNNING
from data_access.alarms import raise_alarms
from data_access.bulk import Row
from data_access.schema import task
from penstock_core.contracts.workflow import (
    POLICY,
    ActionName,
    JobReport,
    NewAction,
    NewAlarm,
    Selection,
)
from penstock_core.states import JobState


def why_pause(row: Mapping[str, Any]) -> str:
    """Return why a task is to pause by itself, or "" if it is not.

    ``row`` is the task's. Jobs count that ended since it was last let go on, so that a person
    who lets it go on is not overruled by failures that were there before.
    """
    failed, ended = row["since_failed"], row["since_failed"] + row["since_finished"]
    if row["status"] not in RUNNING or row["paused"]:
        return ""
    if ended < row["pause_after"] or failed < row["pause_rate"] * ended:
        return ""
    first = f"; {row['reason']}" if row["reason"] else ""
    return f"{failed} of the last {ended} jobs failed{first}"


def accepted_loss(row: Mapping[str, Any]) -> str:
    """Return why a task's loss is accepted by its template, or "" if it is not.

    Failed jobs are the loss. A task that ended so without one could not make its jobs: nobody
    knows what it lost. A job that was cancelled had an input that must not be used.
    """
    failed, jobs = row["failed"], row["jobs"]
    if row["status"] not in LOSSY or not 0 < failed <= row["accept_loss"] * jobs:
        return ""
    return f"{failed} of {jobs} jobs failed; the template accepts {row['accept_loss']:.3g} of them"


async def count_ended(
    connection: AsyncConnection, rows: Mapping[int, Row], jobs: Sequence[JobReport]
) -> dict[int, Row]:
    """Count the jobs that ended, of tasks in ``rows``; return these tasks' rows as they are then.

    Each final job is reported once, so counting reports is counting jobs.
    """
    ended = Counter((job.task_id, job.state) for job in jobs if job.task_id in rows)
    counted = {
        number: {
            **rows[number],
            "since_finished": rows[number]["since_finished"] + ended[number, JobState.FINISHED],
            "since_failed": rows[number]["since_failed"] + ended[number, JobState.FAILED],
        }
        for number in {number for number, _ in ended}
    }
    change = task.update().where(task.c.task_id == bindparam("number"))
    names = ("since_finished", "since_failed")
    values = [{"number": n, **{k: row[k] for k in names}} for n, row in sorted(counted.items())]
    if values:
        await connection.execute(change, values)
    return counted


async def apply_policies(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Pause those of ``rows`` that fail too much, and accept what loss their templates accept."""
    for row in rows:
        if because := why_pause(row):
            await _act(connection, ActionName.PAUSE, row, because)
            text = f"Task {row['task_id']} ({row['step']}) was paused: {because}"
            key = paused_alarm(row).model_dump()
            await raise_alarms(connection, [NewAlarm(**key, text=text[:4096])])
        if because := accepted_loss(row):
            await _act(connection, ActionName.ACCEPT_LOSS, row, because)


async def _act(connection: AsyncConnection, action: ActionName, row: Row, because: str) -> None:
    selection = Selection(tasks=(row["task_id"],))
    asked = NewAction(action=action, selection=selection, because=because[:1000])
    await act_within(connection, asked, POLICY)
