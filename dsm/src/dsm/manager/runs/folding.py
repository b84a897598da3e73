"""What the DAQ's facts make of a run: a fold in the order of its own clock, never of arrival."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from penstock_core.contracts.base import Json
from penstock_core.states import RUN_MOVES, RunState, may_move

MOVES = {
    "run_imminent": RunState.IMMINENT,
    "start_run": RunState.RUNNING,
    "pause_run": RunState.PAUSED,
    "resume_run": RunState.RUNNING,
    "end_run": RunState.ENDED,
}
"""Which state a message brings a run to."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the DAQ said of a run; its ``order`` is that of the DAQ's clock.

    Attributes
    ----------
    at, tick
        The DAQ's time of it as UTC text, and its simulation's (-1 for none).
    type
        The message's type.
    said
        A digest of the rest, so that the same said twice is one fact.
    stream, named
        Whom it speaks for: the stream that it names, else its sender.
    """

    at: str
    tick: float
    type: str
    said: str = ""
    sender: str = ""
    stream: str = ""
    named: bool = False
    state: str = ""
    substate: str = ""
    total: int | None = None
    reason: str = ""

    @property
    def order(self) -> tuple[str, float, str, str]:
        return self.at, self.tick, self.type, self.said


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact that does not fit those before it; ``before`` and ``after`` are states of the run."""

    at: str
    before: str
    after: str
    message: str
    why: str

    def as_json(self) -> Json:
        """Return it as the store keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Folded:
    """What facts make of a run; ``state_at`` is when it came to its state."""

    state: RunState = RunState.IMMINENT
    state_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    flags: tuple[Flag, ...] = ()


def fold_run(facts: Iterable[Fact], senders: Collection[str] = ()) -> Folded:
    """Return what ``facts``, in any order, make of a run whose STFs come from ``senders``.

    A run ends with the last of its senders, or at the word of anyone else. It stays ENDED; all
    other moves that no table lists are followed, and flagged.
    """
    state: RunState | None = None
    state_at: str | None = None
    flags: list[Flag] = []
    moves = _moves(facts, senders)
    for fact, to in moves:
        if why := _objection(state, to):
            flags.append(Flag(fact.at, state or "", to, fact.type, why))
        if to is not state and state is not RunState.ENDED:
            state, state_at = to, fact.at
    started = [fact.at for fact, to in moves if to is RunState.RUNNING]
    ended = [fact.at for fact, to in moves if to is RunState.ENDED]
    return Folded(
        state or RunState.IMMINENT,
        state_at,
        min(started, default=None),
        max(ended, default=None),
        tuple(flags),
    )


def begun_in(facts: Iterable[Fact]) -> str:
    """Return the state of the detector in which the run began, ``run/physics``; "" if untold."""
    starts = [fact for fact in facts if fact.type == "start_run" and fact.state]
    if not starts:
        return ""
    first = in_order(starts)[0]
    return f"{first.state}/{first.substate}" if first.substate else first.state


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return ``facts`` in the order of the DAQ's clock."""
    return sorted(facts, key=lambda fact: fact.order)


def _moves(facts: Iterable[Fact], senders: Collection[str]) -> list[tuple[Fact, RunState]]:
    """Return the facts that move a run, in their order, and where to."""
    moves = []
    going_on = set(senders)
    for fact in in_order(facts):
        to = MOVES.get(fact.type)
        if to is RunState.ENDED:
            going_on.discard(fact.stream)
            if going_on and fact.stream in senders:
                continue
        if to is not None:
            moves.append((fact, to))
    return moves


def _objection(before: RunState | None, after: RunState) -> str:
    """Return why a run does not go from ``before`` to ``after``, or ""."""
    if before is None:
        return "" if after is RunState.IMMINENT else "no run_imminent came before it"
    if before is RunState.ENDED and after is not RunState.ENDED:
        return "the run had ended, and stays so"
    if may_move(RUN_MOVES, before, after):
        return ""
    allowed = ", ".join(sorted(RUN_MOVES[before]))
    return f"from {before} a run goes to {allowed}"


def last_totals(facts: Iterable[Fact]) -> dict[str, tuple[int | None, bool]]:
    """Return by stream that has ended the total that it told last, and whether it was named."""
    ends: dict[str, tuple[int | None, bool]] = {}
    for fact in in_order(facts):
        if fact.type == "end_run":
            total, named = ends.get(fact.stream, (None, False))
            ends[fact.stream] = (
                total if fact.total is None else fact.total,
                named or fact.named,
            )
    return ends
