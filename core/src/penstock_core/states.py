"""Every state machine of Penstock as a table: the only place that says which moves there are.

A table maps each state to the states that may follow it. ``check_move`` raises for a move that
is not listed; a move to the state one is in is no move at all, and always allowed, for facts are
told twice.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from penstock_core.errors import IllegalMove


class TemplateStatus(StrEnum):
    """A template version: DRAFT → ACTUAL ⇄ ARCHIVED; SHADOW decides but makes nothing."""

    DRAFT = "DRAFT"
    ACTUAL = "ACTUAL"
    SHADOW = "SHADOW"
    ARCHIVED = "ARCHIVED"


class DatasetState(StrEnum):
    """A dataset; DEFINED exists in plans only, the storage manager has not made it yet."""

    DEFINED = "DEFINED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    DELETED = "DELETED"


class DatasetKind(StrEnum):
    """What a dataset is for."""

    INPUT = "input"
    OUTPUT = "output"
    LOG = "log"


class FileState(StrEnum):
    """A file; QUARANTINED counts as registered for closing and is never an input."""

    ANNOUNCED = "ANNOUNCED"
    REGISTERED = "REGISTERED"
    VERIFIED = "VERIFIED"
    QUARANTINED = "QUARANTINED"
    LOST = "LOST"
    DELETED = "DELETED"


class TaskStatus(StrEnum):
    """One stage of processing, over a dataset."""

    DEFINED = "DEFINED"
    SUBMITTED = "SUBMITTED"
    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"


class JobState(StrEnum):
    """One file of a task; STAGED means outputs safe and manifest stored."""

    DEFINED = "DEFINED"
    RUNNING = "RUNNING"
    STAGED = "STAGED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    LOST = "LOST"
    CANCELLED = "CANCELLED"


class RunState(StrEnum):
    """A run of the DAQ."""

    IMMINENT = "IMMINENT"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


State = TypeVar("State", bound=StrEnum)
Table = Mapping[State, frozenset[State]]


def _table(edges: dict[State, set[State]]) -> Table[State]:
    return {state: frozenset(after) for state, after in edges.items()}


_T = TemplateStatus
TEMPLATE_MOVES = _table(
    {
        _T.DRAFT: {_T.ACTUAL, _T.SHADOW, _T.ARCHIVED},
        _T.SHADOW: {_T.ACTUAL, _T.ARCHIVED},
        _T.ACTUAL: {_T.ARCHIVED},
        _T.ARCHIVED: {_T.ACTUAL, _T.SHADOW},
    }
)

_D = DatasetState
DATASET_MOVES = _table(
    {
        _D.DEFINED: {_D.OPEN, _D.CLOSED, _D.DELETED},
        _D.OPEN: {_D.CLOSED, _D.DELETED},
        _D.CLOSED: {_D.DELETED},
        _D.DELETED: set(),
    }
)

_F = FileState
FILE_MOVES = _table(
    {
        _F.ANNOUNCED: {_F.REGISTERED, _F.LOST, _F.DELETED},
        _F.REGISTERED: {_F.VERIFIED, _F.QUARANTINED, _F.LOST, _F.DELETED},
        _F.VERIFIED: {_F.QUARANTINED, _F.LOST, _F.DELETED},
        _F.QUARANTINED: {_F.VERIFIED, _F.LOST, _F.DELETED},
        _F.LOST: {_F.REGISTERED, _F.DELETED},
        _F.DELETED: set(),
    }
)

_S = TaskStatus
TASK_MOVES = _table(
    {
        _S.DEFINED: {_S.SUBMITTED, _S.SKIPPED, _S.CANCELLED, _S.FAILED},
        _S.SUBMITTED: {
            _S.IN_PROGRESS,
            _S.FINISHED,
            _S.PARTIAL,
            _S.FAILED,
            _S.CANCELLED,
            _S.SKIPPED,
        },
        _S.IN_PROGRESS: {_S.FINISHED, _S.PARTIAL, _S.FAILED, _S.CANCELLED, _S.SKIPPED},
        _S.PARTIAL: {_S.IN_PROGRESS},
        _S.FAILED: {_S.IN_PROGRESS},
        _S.FINISHED: set(),
        _S.CANCELLED: set(),
        _S.SKIPPED: set(),
    }
)

_J = JobState
JOB_MOVES = _table(
    {
        _J.DEFINED: {_J.RUNNING, _J.CANCELLED},
        _J.RUNNING: {_J.DEFINED, _J.STAGED, _J.FAILED, _J.LOST, _J.CANCELLED},
        _J.LOST: {_J.DEFINED, _J.FAILED},
        _J.STAGED: {_J.FINISHED, _J.FAILED},
        _J.FINISHED: set(),
        _J.FAILED: {_J.DEFINED},
        _J.CANCELLED: set(),
    }
)

_R = RunState
RUN_MOVES = _table(
    {
        _R.IMMINENT: {_R.RUNNING, _R.ENDED},
        _R.RUNNING: {_R.PAUSED, _R.ENDED},
        _R.PAUSED: {_R.RUNNING, _R.ENDED},
        _R.ENDED: set(),
    }
)

FINAL_TASKS = frozenset({_S.FINISHED, _S.PARTIAL, _S.FAILED, _S.CANCELLED, _S.SKIPPED})
FINAL_JOBS = frozenset({_J.FINISHED, _J.FAILED, _J.CANCELLED})


def may_move(table: Table[State], before: State, after: State) -> bool:
    """Return whether ``table`` lists this move, or it is none."""
    return before == after or after in table[before]


def check_move(table: Table[State], before: State, after: State, what: str) -> None:
    """Raise ``IllegalMove``, naming what may follow, unless ``table`` lists this move."""
    if may_move(table, before, after):
        return
    allowed = sorted(str(s) for s in table[before])
    raise IllegalMove(
        f"{what} cannot go from {before} to {after}.",
        hint=f"From {before} it may go to {', '.join(allowed)}."
        if allowed
        else f"{before} is final.",
        facts={"from": str(before), "to": str(after), "allowed": allowed},
    )
