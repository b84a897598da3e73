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


class DetectorState(StrEnum):
    """What the detector does; ePIC's words."""

    OFF = "off"
    NO_BEAM = "no_beam"
    BEAM = "beam"
    RUN = "run"
    CALIB = "calib"
    TEST = "test"


class DetectorSubstate(StrEnum):
    """How it does it."""

    NOT_READY = "not_ready"
    READY = "ready"
    STANDBY = "standby"
    PHYSICS = "physics"
    LUMI = "lumi"
    EIC = "eic"
    EPIC = "epic"
    DAQ = "daq"
    CALIB = "calib"


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

DETECTOR_MOVES: Mapping[str, frozenset[str]] = {
    "off": frozenset({"no_beam", "calib", "test"}),
    "no_beam": frozenset({"off", "no_beam", "beam"}),
    "beam": frozenset({"no_beam", "beam"}),
    "beam/ready": frozenset({"run/physics", "run/standby"}),
    "run": frozenset({"beam"}),
    "run/physics": frozenset({"run/standby"}),
    "run/standby": frozenset({"run/physics"}),
    "calib": frozenset({"off"}),
    "test": frozenset({"off"}),
}
"""Of ``state`` or ``state/substate`` to the same; a state stands for all of its substates."""

FREE_INSIDE = frozenset({DetectorState.NO_BEAM, DetectorState.BEAM})
"""States whose substates the detector changes freely, and without telling."""

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


def detector_may_move(before: str, after: str) -> bool:
    """Return whether the detector may go from ``before`` to ``after``, each ``state/substate``.

    >>> detector_may_move("beam/not_ready", "run/physics"), detector_may_move("off", "run/physics")
    (True, False)
    """
    state = before.partition("/")[0]
    places = {before, state}
    if state in FREE_INSIDE:
        places |= {place for place in DETECTOR_MOVES if place.startswith(f"{state}/")}
    targets = {after, after.partition("/")[0]}
    return before == after or any(targets & DETECTOR_MOVES.get(place, set()) for place in places)


def is_detector_state(place: str) -> bool:
    """Return whether ``state/substate``, or a state alone, is made of the known words."""
    state, _, substate = place.partition("/")
    return state in set(DetectorState) and (not substate or substate in set(DetectorSubstate))
