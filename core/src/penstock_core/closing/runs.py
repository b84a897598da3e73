"""Runs whose end nobody tells: they close once they are silent, or a later run has started."""

from collections.abc import Iterator

from penstock_core.closing.dues import Close, Due, quiet_for
from penstock_core.closing.words import listed, missing_named, span
from penstock_core.contracts.closing import Evidence
from penstock_core.looks import files
from penstock_core.states import RunState


def run_dues(evidence: Evidence) -> Iterator[Due]:
    """Give when a run's dataset closes for which no end is announced."""
    unless = f"a file or {end_awaited(evidence)} comes"
    silent_s = evidence.policy.idle_timeout_s
    if silent_s is not None and _takes_data(evidence):
        heard_at = (run.heard_at for run in evidence.runs)
        close = _close(evidence, f"nothing came for {span(silent_s)}")
        yield Due(close, unless, quiet_for(silent_s, evidence, *heard_at))
    if evidence.later is not None:
        wait_s = evidence.policy.max_latency_s
        silence = f"run {evidence.later.run} has started and no file came for {span(wait_s)}"
        at = quiet_for(wait_s, evidence, evidence.later.heard_at)
        yield Due(_close(evidence, silence), unless, at)


def _takes_data(evidence: Evidence) -> bool:
    """Return whether silence means something: no run is paused, or still to begin."""
    if any(run.state is RunState.PAUSED for run in evidence.runs):
        return False
    return evidence.registered > 0 or any(r.state is not RunState.IMMINENT for r in evidence.runs)


def _close(evidence: Evidence, silence: str) -> Close:
    names = missing_named(evidence)
    because = f"{end_awaited(evidence)} did not come, and {silence} (rule {evidence.rule})"
    because += f"; {files(evidence.registered)} registered"
    return Close("no_end_run", because + (f", missing: {names}" if names else ""), incomplete=True)


def end_awaited(evidence: Evidence) -> str:
    """Return whose end is awaited: of runs that go on whole, and of streams left of the others."""
    whole = [f"run {r.run}" for r in evidence.runs if not r.going and r.state is not RunState.ENDED]
    left = [stream for run in evidence.runs for stream in run.going]
    return f"end_run of {listed(whole + left, 'a stream')}"
