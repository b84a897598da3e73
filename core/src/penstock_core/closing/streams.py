"""Datasets that no announcement ends: streams without end, and deltas of late files."""

from collections.abc import Iterator
from datetime import timedelta

from penstock_core.closing.dues import Close, Due, quiet_for
from penstock_core.closing.words import span
from penstock_core.contracts.closing import Evidence
from penstock_core.looks import files, size


def delta_dues(evidence: Evidence) -> Iterator[Due]:
    """Give when a delta closes: once no late file has come for a while."""
    quiet_s = evidence.policy.max_latency_s
    because = f"no other late file came for {span(quiet_s)} (rule {evidence.rule})"
    yield _at(evidence, Close("idle", because, evidence.incomplete), "another late file", quiet_s)


def stream_dues(evidence: Evidence) -> Iterator[Due]:
    """Give when a stream without end closes, to go on in a successor; one without files does not.

    Numbers of files and bytes are reached when somebody looks: it may hold a little more.
    """
    policy = evidence.policy
    if not evidence.registered:
        return
    if policy.max_files is not None and evidence.registered >= policy.max_files:
        yield Due(_close(evidence, "files", f"it holds {files(evidence.registered)}"))
    if policy.max_bytes is not None and evidence.size_bytes >= policy.max_bytes:
        yield Due(_close(evidence, "bytes", f"it holds {size(evidence.size_bytes)}"))
    if policy.max_age_s is not None:
        close = _close(evidence, "age", f"it is {span(policy.max_age_s)} old")
        at = evidence.opened_at + timedelta(seconds=policy.max_age_s)
        yield Due(close, "it is full before", at)
    if policy.idle_timeout_s is not None:
        close = _close(evidence, "idle", f"no file came for {span(policy.idle_timeout_s)}")
        yield _at(evidence, close, "another file", policy.idle_timeout_s)


def _close(evidence: Evidence, rule: str, because: str) -> Close:
    return Close(rule, f"{because} (rule {evidence.rule})", evidence.incomplete)


def _at(evidence: Evidence, close: Close, file: str, quiet_s: float) -> Due:
    return Due(close, f"{file} comes", quiet_for(quiet_s, evidence))
