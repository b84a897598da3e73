"""Tasks on their way: due, submitted, observed, and the jobs that they were divided into."""

from datetime import datetime

from pydantic import Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import DatasetKind, DatasetState, JobState, TaskStatus


class Identity(Frozen):
    """A dataset by its integer id and its name; ``uid`` is "" until the storage manager has it."""

    dataset_id: int
    uid: str
    namespace: str
    scope: str
    name: str
    kind: DatasetKind


class TaskInput(Frozen):
    """One dataset that a task reads: the masked one (step "") or a step's output."""

    step: str
    dataset_uid: str


class ClaimRequest(Frozen):
    """Give me up to ``limit`` due tasks; they are mine for ``lease_s``."""

    claimant: str
    limit: int = Field(default=100, ge=1, le=1000)
    lease_s: float = Field(default=60, gt=0, le=3600)


class DueTask(Frozen):
    """A task whose needs are met, claimed. ``token`` must come back with what is done about it."""

    task_id: int
    token: int
    workflow_id: int
    namespace: str
    template_id: int | None
    recipe_digest: str
    step: str
    values: Json
    rank: int
    behind: int = 0
    retry: int
    inputs: tuple[TaskInput, ...]
    output: Identity
    log: Identity


class SubmittedTask(Frozen):
    """A claimed task that the workload system has: it becomes SUBMITTED, its datasets OPEN.

    ``rank`` is the one that it was submitted with; null if that was not noted.
    """

    task_id: int
    token: int
    external_id: str
    output_uid: str
    log_uid: str
    rank: int | None = None


class DatasetCopy(Frozen):
    """A dataset's state, copied from the storage manager's log; null is what is not told."""

    uid: str
    state: DatasetState
    files: int | None = None
    incomplete: bool | None = None


class CopiedStates(Frozen):
    """States after a stretch of the storage manager's log; stored together with the cursor."""

    follower: str
    expected: int
    cursor: int
    states: tuple[DatasetCopy, ...]


class Environment(Frozen):
    """What a job ran in; "" where its workload system does not know.

    ``system`` is the workload system with its version, ``engine`` what ran the tool,
    ``sandbox`` what held it in, ``container`` its image ("" for none).
    """

    system: str = ""
    engine: str = ""
    python: str = ""
    platform: str = ""
    sandbox: str = ""
    container: str = ""


class JobReport(Frozen):
    """A final job, as the workload system reports it once.

    ``outputs`` names all files that it made, ``log`` among them. ``command`` is the command line
    that was run, in a shell's spelling, its paths below the job's folder.
    """

    task_id: int
    index: int
    state: JobState
    attempts: int
    exit_code: int | None
    reason: str
    host: str
    started_at: datetime | None
    ended_at: datetime | None
    log_tail: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    log: str = ""
    command: str = ""
    environment: Environment | None = None


class TaskReport(Frozen):
    """A task's state and counts, as the workload system sees them now.

    The datasets that it fills travel along, so that a finished task's counts can be announced
    for them without asking anybody. ``input_incomplete``: files lack in what it reads.
    """

    task_id: int
    output_uid: str
    log_uid: str
    status: TaskStatus
    jobs: int
    running: int
    finished: int
    failed: int
    output_files: int
    log_files: int
    reason: str = ""
    input_incomplete: bool = False


class ObservedBatch(Frozen):
    """What was observed on one stretch of the workload system's reports, with the cursor."""

    follower: str
    expected: int
    cursor: int
    tasks: tuple[TaskReport, ...]
    jobs: tuple[JobReport, ...]
