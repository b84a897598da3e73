"""Datasets whose producer has announced its end: they close by count, or without what is lost."""

from collections.abc import Iterator

from penstock_core.closing.dues import Close, Due, quiet_for
from penstock_core.closing.words import NAMED, missing_named, span
from penstock_core.contracts.closing import Evidence
from penstock_core.looks import files


def announced_dues(evidence: Evidence) -> Iterator[Due]:
    """Give when a dataset closes whose end is announced, or whose loss is accepted."""
    announced = evidence.announced or 0
    who = evidence.announced_by or evidence.producer or "its producer"
    if evidence.accepted_by:
        yield Due(_accepted(evidence))
    elif evidence.registered < announced:
        yield _some_missing(evidence, announced, who)
    elif evidence.counted:
        yield _all_that_is_known(evidence, who)
    else:
        yield Due(_all(evidence, _counted(evidence.registered, announced, who)))


def _all(evidence: Evidence, because: str) -> Close:
    bad = ((evidence.quarantined, "quarantined"), (evidence.lost, "lost"))
    because += "".join(
        f"; {count} {'is' if count == 1 else 'are'} {how}" for count, how in bad if count
    )
    return Close("count" if evidence.registered else "empty", because, evidence.incomplete)


def _all_that_is_known(evidence: Evidence, who: str) -> Due:
    """Close by a count that nobody told only once nothing more is under way."""
    wait_s = evidence.policy.max_latency_s
    because = f"{who} ended without a count, and nothing was missing for {span(wait_s)} after that"
    because += f" (rule {evidence.rule}); {files(evidence.registered)} registered"
    unless = "another file comes or is announced"
    return Due(_all(evidence, because), unless, quiet_for(wait_s, evidence, evidence.announced_at))


def _accepted(evidence: Evidence) -> Close:
    why = f": {evidence.accepted_because}" if evidence.accepted_because else ""
    who, here = evidence.accepted_by, f"{files(evidence.registered)} registered"
    because = f"{who} accepted the loss of what is missing{why}; {here}"
    return Close("accepted_loss", because, incomplete=True)


def _counted(registered: int, announced: int, who: str) -> str:
    if registered > announced:
        return f"{who} announced {files(announced)}, and {registered} are registered"
    if announced == 0:
        return f"{who} announced its end, without a file"
    if announced == 1:
        return f"the 1 file that {who} announced is registered"
    return f"all {announced} files that {who} announced are registered"


def _some_missing(evidence: Evidence, announced: int, who: str) -> Due:
    wait_s = evidence.policy.max_latency_s
    lost = f"{announced - evidence.registered} of {announced} files that {who} announced"
    names = missing_named(evidence)
    because = f"{lost} did not come within {span(wait_s)} (rule {evidence.rule})"
    close = Close("incomplete", because + (f": {names}" if names else ""), incomplete=True)
    at = quiet_for(wait_s, evidence, evidence.announced_at)
    return Due(close, _unless(evidence, lost, names), at)


def _unless(evidence: Evidence, lost: str, names: str) -> str:
    """Return what would have to come: by name where each of it has one and they are few."""
    if names and evidence.unnamed == 0 and len(evidence.missing) <= NAMED:
        return f"{names} {'comes' if len(evidence.missing) == 1 else 'come'}"
    return f"{lost} come" + (f", among them {names}" if names else "")
