"""Decisions on datasets, and the workflows that follow from them."""

from datetime import datetime
from typing import Literal

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow.execution import DatasetCopy
from penstock_core.contracts.workflow.policies import PauseAt
from penstock_core.states import DatasetKind, DatasetState


class DatasetRef(Frozen):
    """A dataset of the storage manager, as decisions and workflows point at it.

    ``logical`` is the name that masks see, "" its own; one not for ``processing`` is never taken.
    """

    uid: str
    namespace: str
    scope: str
    name: str
    kind: DatasetKind = DatasetKind.INPUT
    state: DatasetState
    registered_at: datetime
    metadata: Json = {}
    logical: str = ""
    processing: bool = True

    @property
    def seen_as(self) -> str:
        """Return the name that masks see."""
        return self.logical or self.name

    @property
    def member(self) -> str:
        """Return what its name has after its logical name: ``.s2``, ``.d1``, or ""."""
        return "" if self.seen_as == self.name else f".{self.name.rpartition('.')[2]}"

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetRef":
        """Return the reference to ``dataset``; its counts become metadata for conditions."""
        counts = {"files": dataset.files, "size_bytes": dataset.size_bytes}
        return cls(
            uid=dataset.uid,
            namespace=dataset.namespace,
            scope=dataset.scope,
            name=dataset.name,
            kind=dataset.kind,
            state=dataset.state,
            registered_at=dataset.opened_at,
            metadata={**dataset.metadata, **counts},
            logical=dataset.logical,
            processing=dataset.processing,
        )

    def copied(self) -> DatasetCopy:
        """Return the state that was seen, with the count of files if that was seen too."""
        return DatasetCopy(uid=self.uid, state=self.state, files=self.metadata.get("files"))


class Match(Frozen):
    """One positive decision: this template takes this dataset.

    SHADOW would take it. CONFLICT and SKIPPED would, but no chain was made: it cannot be, or the
    template leaves alone what came while nobody decided.
    """

    template_id: int
    outcome: Literal["MATCH", "SHADOW", "CONFLICT", "SKIPPED"]
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


class Gate(Frozen):
    """Another dataset that a task waits for: any of the same namespace whose name fits ``mask``.

    ``until`` says what it waits for: that such a one is there, or that one is closed.
    """

    mask: str
    until: Literal["open", "closed"] = "closed"


class PlannedTask(Frozen):
    """A task to make. ``reads`` names the step whose output is ``datas_in_id`` ("" = masked).

    ``accept_loss`` is the fraction of its jobs that may fail without anybody being asked.
    """

    step: str
    mode: str
    exec: str
    args: str = ""
    rank: int = 1
    device: str = "CPU"
    retry: int = 2
    reads: str = ""
    needs: tuple[Need, ...]
    gates: tuple[Gate, ...] = ()
    output_name: str
    log_name: str
    pause_at: PauseAt = PauseAt()
    accept_loss: float = 0


class PlannedWorkflow(Frozen):
    """A chain to make: (template version, dataset, rerun) is its natural key.

    ``values`` are those of the workflow's inputs for this dataset, ranges by run resolved.
    ``behind`` orders tasks of one rank: 0 is live data, of a backlog the lower goes first.
    """

    template_id: int
    dataset_uid: str
    rerun: int = 0
    behind: int = 0
    scope: str
    values: Json = {}
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


class ExplainedMatch(Frozen):
    """Why a dataset matched a template, or did not; ``clause`` is the one that decided.

    ``waits`` tells which tasks of its chain have not started, and what each waits for.
    """

    template_id: int
    template: str
    matched: bool
    clause: str
    reason: str
    waits: tuple[str, ...] = ()
