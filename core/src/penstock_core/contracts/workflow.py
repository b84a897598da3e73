"""data-access's REST contract: templates, decisions, workflows, tasks and their history."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import DatasetKind, DatasetState, JobState, TaskStatus, TemplateStatus


class NewTemplate(Frozen):
    """A template version to make.

    SPD's form is ``name, inner_dataset_mask, description`` (CWL as JSON or text) and ``status``.
    The full form gives ``masks`` and ``documents`` with ``main`` instead, the workflow input that
    takes the dataset (``input``), and ``values`` for the other inputs.
    """

    name: str = Field(min_length=1, max_length=128)
    inner_dataset_mask: str = ""
    description: Json | str = ""
    status: TemplateStatus = TemplateStatus.ACTUAL
    masks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    namespace: str = "*"
    documents: dict[str, str] = {}
    main: str = ""
    input: str = ""
    values: Json = {}
    effective_from: datetime | None = None


class TemplateChange(Frozen):
    """A change: of ``status`` alone keeps the id; of content makes a new version with a new id."""

    name: str | None = None
    inner_dataset_mask: str | None = None
    description: Json | str | None = None
    status: TemplateStatus | None = None
    masks: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    where: tuple[str, ...] | None = None
    namespace: str | None = None
    documents: dict[str, str] | None = None
    main: str | None = None
    input: str | None = None
    values: Json | None = None
    effective_from: datetime | None = None


class SpdTemplate(Frozen):
    """SPD's template row."""

    template_id: int
    name: str
    inner_dataset_mask: str
    description: Any
    status: TemplateStatus


class Template(SpdTemplate):
    """A template version with all that Penstock knows about it. It is immutable but its status."""

    version: int
    masks: tuple[str, ...]
    exclude: tuple[str, ...]
    where: tuple[str, ...]
    namespace: str
    input: str
    values: Json
    recipe_digest: str
    effective_from: datetime | None
    created_at: datetime
    created_by: str
    warnings: tuple[str, ...] = ()


class CatalogueEntry(Frozen):
    """What matching needs of a template version, for one time in which it was in force.

    It takes datasets registered at ``effective_from`` or later, and before ``effective_until``
    (null: it still is in force). ``status`` is what it was then: ACTUAL or SHADOW.
    """

    template_id: int
    name: str
    version: int
    status: TemplateStatus
    masks: tuple[str, ...]
    exclude: tuple[str, ...]
    where: tuple[str, ...]
    namespace: str
    effective_from: datetime
    effective_until: datetime | None = None
    recipe_digest: str


class Catalogue(Frozen):
    """All that datasets are matched against; ``revision`` grows with each change of it.

    A version that was replaced is in it, too, for datasets that were registered before and are
    decided on only now.
    """

    revision: int
    templates: tuple[CatalogueEntry, ...]


class DatasetRef(Frozen):
    """A dataset of the storage manager, as decisions and workflows point at it."""

    uid: str
    namespace: str
    scope: str
    name: str
    state: DatasetState
    registered_at: datetime
    metadata: Json = {}


class Match(Frozen):
    """One positive decision: this template takes this dataset."""

    template_id: int
    outcome: Literal["MATCH", "SHADOW", "CONFLICT"]
    captures: dict[str, str] = {}
    reason: str = ""


class DatasetDecision(Frozen):
    """The decision on one dataset; no match is a decision too."""

    dataset: DatasetRef
    matches: tuple[Match, ...] = ()


class Need(Frozen):
    """A dataset that a task waits for: the masked one (step "") or a step's output."""

    step: str = ""
    until: Literal["open", "closed"]


class PlannedTask(Frozen):
    """A task to make. ``reads`` names the step whose output is ``datas_in_id`` ("" = masked)."""

    step: str
    mode: str
    exec: str
    args: str = ""
    rank: int = 1
    device: str = "CPU"
    retry: int = 2
    reads: str = ""
    needs: tuple[Need, ...]
    output_name: str
    log_name: str


class PlannedWorkflow(Frozen):
    """A chain to make: (template version, dataset, rerun) is its natural key."""

    template_id: int
    dataset_uid: str
    rerun: int = 0
    scope: str
    tasks: tuple[PlannedTask, ...]


class GeneratedBatch(Frozen):
    """What a task-generator decided on one stretch of the event log, and the stretch itself.

    Stored as one transaction if the follower's cursor still is ``expected``; else ``Stale``.
    """

    follower: str
    expected: int
    cursor: int
    catalogue_revision: int
    decisions: tuple[DatasetDecision, ...]
    workflows: tuple[PlannedWorkflow, ...]


class GeneratedResult(Frozen):
    """The new cursor, and the ids of the workflows that are new."""

    cursor: int
    workflow_ids: tuple[int, ...]


class Cursor(Frozen):
    """How far a follower has come in somebody's event log."""

    follower: str
    cursor: int


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
    retry: int
    inputs: tuple[TaskInput, ...]
    output: Identity
    log: Identity


class SubmittedTask(Frozen):
    """A claimed task that the workload system has: it becomes SUBMITTED, its datasets OPEN."""

    task_id: int
    token: int
    external_id: str
    output_uid: str
    log_uid: str


class DatasetCopy(Frozen):
    """A dataset's state, copied from the storage manager's log."""

    uid: str
    state: DatasetState


class CopiedStates(Frozen):
    """States after a stretch of the storage manager's log; stored together with the cursor."""

    follower: str
    expected: int
    cursor: int
    states: tuple[DatasetCopy, ...]


class JobReport(Frozen):
    """A final job, as the workload system reports it once."""

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


class TaskReport(Frozen):
    """A task's state and counts, as the workload system sees them now.

    The datasets that it fills travel along, so that a finished task's counts can be announced
    for them without asking anybody.
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


class ObservedBatch(Frozen):
    """What was observed on one stretch of the workload system's reports, with the cursor."""

    follower: str
    expected: int
    cursor: int
    tasks: tuple[TaskReport, ...]
    jobs: tuple[JobReport, ...]


class NewTask(Frozen):
    """REST task submission: a one-task workflow over a dataset, by id or by name.

    ``exec`` names an entry of the allow-list; ``args`` are split into an argument list, never
    given to a shell. ``idempotency_key`` makes a repeat the same task.
    """

    exec: str = Field(min_length=1, max_length=128)
    args: str = Field(default="", max_length=4096)
    rank: int = Field(default=1, ge=1)
    device: Literal["CPU", "GPU"] = "CPU"
    mode: Literal["map", "merge"] = "map"
    retry: int = Field(default=2, ge=0, le=100)
    datas_in_id: int | None = None
    dataset: str = ""
    namespace: str = "default"
    idempotency_key: str = ""


class SpdTask(Frozen):
    """SPD's task row; SUBMITTED is shown as IN_PROGRESS here."""

    task_id: int
    wflow_id: int
    exec: str
    args: str
    rank: int
    device: str
    mode: str
    retry: int
    datas_in_id: int
    datas_out_id: int
    datas_log_id: int
    status: str


class Task(SpdTask):
    """A task with all that Penstock knows about it."""

    step: str
    namespace: str
    template_id: int | None
    input_name: str
    output_name: str
    log_name: str
    paused: bool
    external_id: str
    jobs: int
    running: int
    finished: int
    failed: int
    reason: str
    waits_for: tuple[str, ...]
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None


class SpdDataset(Frozen):
    """SPD's dataset row."""

    dataset_id: int
    name: str
    dataset_uid: str | None


class DatasetRow(SpdDataset):
    """data-access's reference to a dataset, with the state it copied last."""

    namespace: str
    scope: str
    kind: DatasetKind
    state: DatasetState


class WorkflowRow(Frozen):
    """A workflow: a template version on a dataset. ``status`` is derived from its tasks."""

    workflow_id: int
    template_id: int | None
    dataset_id: int
    rerun: int
    namespace: str
    status: str
    created_at: datetime


class ExplainedMatch(Frozen):
    """Why a dataset matched a template, or did not; ``clause`` is the one that decided."""

    template_id: int
    template: str
    matched: bool
    clause: str
    reason: str
