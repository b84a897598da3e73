"""The decision, and the same told as a forecast.

A dataset closes when its producer has announced its end and all that was announced is registered.
Where that does not happen, time closes it: by the policy of the rule that applies to it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from penstock_core.closing.announced import announced_dues
from penstock_core.closing.dues import Close, Due, Wait
from penstock_core.closing.runs import end_awaited, run_dues
from penstock_core.closing.streams import delta_dues, stream_dues
from penstock_core.contracts.closing import Evidence
from penstock_core.looks import files
from penstock_core.states import DatasetKind

_FOR_AN_OPERATOR = frozenset({"incomplete", "no_end_run"})
"""Rules that close without something; a policy may leave them to an operator."""


def decide_close(evidence: Evidence, now: datetime) -> Close | Wait:
    """Return whether a dataset closes at ``now``; if not, for what it waits, and until when."""
    first = min(dues(evidence), key=lambda due: due.at, default=None)
    if first is None:
        return Wait(_awaited(evidence))
    held = evidence.policy.incomplete == "wait" and first.close.rule in _FOR_AN_OPERATOR
    if held and first.at <= now:
        return Wait(f"{first.unless} or an operator closes it", overdue=first.close)
    if first.at <= now:
        return first.close
    return Wait(first.unless, held_at=first.at) if held else Wait(first.unless, first.at)


def dues(evidence: Evidence) -> Iterable[Due]:
    """Return what each rule that applies will do, and when."""
    if evidence.accepted_by or evidence.announced is not None:
        return announced_dues(evidence)
    if evidence.series == "d":
        return delta_dues(evidence)
    if evidence.runs:
        return run_dues(evidence)
    if evidence.kind is DatasetKind.INPUT:
        return stream_dues(evidence)
    return ()


def _awaited(evidence: Evidence) -> str:
    """Return what a dataset waits for that no clock closes."""
    so_far = f"; {files(evidence.registered)} so far"
    if evidence.runs:
        return f"{end_awaited(evidence)} comes{so_far}"
    return f"{evidence.producer or 'its producer'} announces its end{so_far}"


def foretell(decision: Close | Wait, now: datetime) -> str:
    """Return a decision as a forecast for people: ``closes at 14:32Z unless STF 57 comes``."""
    if isinstance(decision, Close):
        return f"closes now: {decision.because}"
    if decision.at is None:
        return f"stays open until {decision.until}"
    at = decision.at.astimezone(UTC)
    day = "" if at.date() == now.astimezone(UTC).date() else f"{at:%Y-%m-%d} "
    return f"closes at {day}{at:%H:%M}Z unless {decision.until}"
