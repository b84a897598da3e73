"""The workload system's contract as the pilot speaks it: tasks in, reports out."""

from typing import Literal

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.workflow import JobReport, TaskInput, TaskReport


class WorkloadTask(Frozen):
    """A task to run. ``name`` is its natural key: submitting it twice is submitting it once.

    ``behind`` orders tasks of one rank: 0 is live data, of a backlog the lower goes first.
    """

    name: str
    task_id: int
    namespace: str
    recipe_digest: str
    step: str
    values: Json
    rank: int
    behind: int = 0
    retry: int
    inputs: tuple[TaskInput, ...]
    output_uid: str
    output_name: str
    log_uid: str
    log_name: str


class Accepted(Frozen):
    """The answer to one submitted task."""

    name: str
    outcome: Literal["accepted", "already", "refused"]
    reason: str = ""


class Report(Frozen):
    """One row of the report log: a task's counts, or a final job."""

    seq: int
    task: TaskReport | None = None
    job: JobReport | None = None


class ReportPage(Frozen):
    """Reports after a cursor, oldest first."""

    reports: tuple[Report, ...]
    cursor: int


class Command(Frozen):
    """What an operator asks of a task that runs."""

    name: str
    action: Literal["cancel", "retry", "rank", "pause", "resume"]
    rank: int = 1


class Hold(Frozen):
    """Whether new jobs are held back (running ones go on)."""

    held: bool
