"""What the auditor asks of the owners of facts, and the violations that are found."""

from enum import StrEnum

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import DatasetKind, DatasetState, TaskStatus


class Law(StrEnum):
    """What always holds in the stores, whatever was killed, repeated or reordered."""

    COUNTED = "counted"
    LEDGER = "ledger"
    ANNOUNCED = "announced"
    DECIDED = "decided"
    CHAINED = "chained"
    COPIED = "copied"
    WAITING = "waiting"
    EXTERNAL = "external"
    KNOWN = "known"
    ONE_MAKER = "one maker"
    OUTPUTS = "outputs"
    GROUPED = "grouped"


class Violation(Frozen):
    """One law that does not hold for one thing.

    ``evidence`` is what was found. ``tell_again`` is the uid of the dataset that, told of once
    more, may have it mended; "" where nothing that is sent again can.
    """

    law: Law
    namespace: str
    subject: str
    text: str
    evidence: Json = {}
    tell_again: str = ""


class AuditedDataset(Frozen):
    """A dataset as the storage manager has it, to be held against data-access's copy."""

    uid: str
    namespace: str
    name: str
    kind: DatasetKind
    state: DatasetState


class AuditedTask(Frozen):
    """A task as data-access has it, to be held against its jobs and its output.

    ``name`` is what the workload system calls it, ``output_uid`` the dataset that it fills.
    """

    task_id: int
    namespace: str
    name: str
    status: TaskStatus
    output_uid: str
    output_files: int


class DatasetsAudited(Frozen):
    """A page of the storage manager's datasets: what is wrong there, and what to hold elsewhere.

    ``next`` is the ``after`` of the following page, null on the last; ``newest`` the last number.
    """

    violations: tuple[Violation, ...]
    datasets: tuple[AuditedDataset, ...]
    next: int | None
    newest: int


class WorkflowsAudited(Frozen):
    """A page of workflows: what is wrong there, and the tasks to hold against other stores."""

    violations: tuple[Violation, ...]
    tasks: tuple[AuditedTask, ...]
    next: int | None
    newest: int
