"""When a dataset closes: a function of the evidence, the policy and the time."""

from dataclasses import dataclass
from datetime import datetime

from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import CloseRequest, Evidence
from penstock_core.looks import files


@dataclass(frozen=True, slots=True)
class ClosingPolicy:
    """What closing may depend on beside the count; its rules by time are a later capability."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close it: by which rule, and why, in a sentence for people."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Leave it open: for what, in a sentence for people."""

    until: str


def decide_close(evidence: Evidence, policy: ClosingPolicy, now: datetime) -> Close | Wait:
    """Return whether a dataset closes: its producer announced its end, and all of it is here."""
    who = evidence.announced_by or "its producer"
    if evidence.announced is None:
        return Wait(f"{who} to announce its end; {files(evidence.registered)} so far")
    if evidence.registered < evidence.announced:
        missing = evidence.announced - evidence.registered
        named = ", ".join(evidence.missing[:10])
        which = f": {named}" if named else ""
        return Wait(f"{missing} of {evidence.announced} files that {who} announced{which}")
    if evidence.registered > evidence.announced:
        return Close(
            "count",
            f"{who} announced {evidence.announced} files, and {evidence.registered} are registered",
        )
    if evidence.announced == 1:
        return Close("count", f"the 1 file that {who} announced is registered")
    return Close("count", f"all {evidence.announced} files that {who} announced are registered")


def close_request(evidence: Evidence, decision: Close) -> CloseRequest:
    """Return the request that carries ``decision`` out, if the dataset still is as it was seen."""
    seen: Json = evidence.model_dump(
        mode="json",
        include={"registered", "announced", "announced_by", "announced_at", "last_file_at"},
    )
    return CloseRequest(
        uid=evidence.uid,
        revision=evidence.revision,
        rule=decision.rule,
        because=decision.because,
        evidence=seen,
    )
