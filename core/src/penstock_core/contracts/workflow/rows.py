"""Tasks, datasets and workflows as they are shown: SPD's rows, and all that is known."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import DatasetKind, DatasetState


class NewTask(Frozen):
    """REST task submission: a one-task workflow over a dataset, by id or by name.

    ``exec`` names an entry of the allow-list; ``args`` are split into an argument list, never
    given to a shell. ``idempotency_key`` makes a repeat the same task.
    """

    exec: str = Field(min_length=1, max_length=128)
    args: str = Field(default="", max_length=4096)
    rank: int = Field(default=1, ge=1, le=1_000_000)
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
    """A task with all that Penstock knows about it.

    ``loss_accepted_by`` is who gave up what it did not make; "" for nobody.
    ``input_incomplete``: files lack in a dataset that it reads, or in what that was made from.
    """

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
    loss_accepted_by: str = ""
    waits_for: tuple[str, ...]
    input_incomplete: bool = False
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None


class TaskDetail(Task):
    """One task, with the values of its workflow's inputs as they hold for its dataset.

    Those by run are resolved; an input that is not among them has its default.
    """

    values: Json = {}


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
    """A workflow: a template version on a dataset. ``status`` is derived from its tasks.

    ``created_by`` is "" where the template's mask took the dataset, else whoever asked for it.
    """

    workflow_id: int
    template_id: int | None
    dataset_id: int
    rerun: int
    namespace: str
    status: str
    created_at: datetime
    created_by: str = ""
    because: str = ""
    template: str | None = None
    version: int | None = None
    dataset: str = ""
