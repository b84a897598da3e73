"""The closing decision, by examples and by law."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_core.closing import Close, Wait, decide_close, foretell
from penstock_core.contracts.closing import Evidence, LaterRun, Policy, RunSeen
from penstock_core.states import DatasetKind, RunState
from scheduler.closer import close_request

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def evidence(registered: int, announced: int | None, **more: Any) -> Evidence:
    values: dict[str, Any] = {
        "uid": "d1",
        "namespace": "default",
        "name": "swf.1.run",
        "logical": "swf.1.run",
        "kind": DatasetKind.INPUT,
        "revision": 7,
        "size_bytes": 1000 * registered,
        "announced_by": "daq" if announced is not None else "",
        "announced_at": NOON if announced is not None else None,
        "opened_at": NOON,
        "last_file_at": NOON if registered else None,
        "rule": "default-run",
        "policy": Policy(idle_timeout_s=3600),
    }
    return Evidence(registered=registered, announced=announced, **values | more)


def run(state: RunState = RunState.RUNNING, heard_s: float = 0, *going: str) -> RunSeen:
    return RunSeen(run="1", state=state, heard_at=after(heard_s), going=going)


def decide(seen: Evidence, seconds: float = 0) -> Close | Wait:
    return decide_close(seen, after(seconds))


def test_all_announced_files_registered_closes_by_count() -> None:
    assert decide(evidence(8, 8)) == Close("count", "all 8 files that daq announced are registered")
    assert decide(evidence(1, 1)) == Close("count", "the 1 file that daq announced is registered")


def test_files_that_must_not_be_used_count_and_are_told() -> None:
    decision = decide(evidence(8, 8, quarantined=2, lost=1))
    assert isinstance(decision, Close)
    assert decision.because.endswith("are registered; 2 are quarantined; 1 is lost")


def test_nothing_announced_and_nothing_registered_closes_empty() -> None:
    assert decide(evidence(0, 0)) == Close("empty", "daq announced its end, without a file")


def test_a_missing_file_is_waited_for_by_name_and_then_given_up() -> None:
    seen = evidence(7, 8, missing=("STF 57",), last_file_at=after(60))
    assert decide(seen) == Wait("STF 57 comes", after(360))
    assert foretell(decide(seen), NOON) == "closes at 12:06Z unless STF 57 comes"
    assert decide(seen, 360) == Close(
        "incomplete",
        "1 of 8 files that daq announced did not come within 5 min (rule default-run): STF 57",
        incomplete=True,
    )


def test_what_has_no_name_is_counted() -> None:
    seen = evidence(5, 8, missing=("STF 57",), unnamed=2)
    decision = decide(seen)
    assert isinstance(decision, Wait)
    assert decision.until == ("3 of 8 files that daq announced come, among them STF 57 and 2 more")


def test_a_count_that_nobody_told_is_trusted_once_all_is_quiet() -> None:
    seen = evidence(3, 3, counted=True, last_file_at=after(10))
    assert decide(seen) == Wait("another file comes or is announced", after(310))
    decision = decide(seen, 310)
    assert isinstance(decision, Close)
    assert (decision.rule, decision.incomplete) == ("count", False)


def test_a_policy_may_leave_the_loss_to_an_operator() -> None:
    seen = evidence(7, 8, missing=("STF 57",), policy=Policy(incomplete="wait"))
    assert foretell(decide(seen), NOON) == "stays open until STF 57 comes"
    overdue = decide(seen, 300)
    assert isinstance(overdue, Wait)
    assert (overdue.at, overdue.until) == (None, "STF 57 comes or an operator closes it")
    assert overdue.overdue is not None
    assert overdue.overdue.rule == "incomplete"


def test_a_silent_run_closes_after_its_idle_limit() -> None:
    seen = evidence(3, None, runs=(run(),), last_file_at=after(10))
    assert decide(seen) == Wait("a file or end_run of run 1 comes", after(3610))
    assert decide(seen, 3610) == Close(
        "no_end_run",
        "end_run of run 1 did not come, and nothing came for 1 h (rule default-run); "
        "3 files registered",
        incomplete=True,
    )


def test_the_idle_limit_counts_from_the_last_word_on_the_run() -> None:
    seen = evidence(3, None, runs=(run(heard_s=7200),))
    assert decide(seen, 7200) == Wait("a file or end_run of run 1 comes", after(10_800))


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.IMMINENT])
def test_silence_of_a_run_that_takes_no_data_means_nothing(state: RunState) -> None:
    files = 3 if state is RunState.PAUSED else 0
    seen = evidence(files, None, runs=(run(state),))
    assert decide(seen, 1e6) == Wait(f"end_run of run 1 comes; {files} files so far", None)


def test_a_run_whose_start_was_lost_is_silent_all_the_same() -> None:
    assert isinstance(decide(evidence(3, None, runs=(run(RunState.IMMINENT),)), 3600), Close)


def test_a_later_run_ends_one_that_sends_nothing_more() -> None:
    later = LaterRun(run="2", heard_at=after(100))
    paused = evidence(3, None, runs=(run(RunState.PAUSED),), later=later, missing=("STF 2",))
    assert decide(paused) == Wait("a file or end_run of run 1 comes", after(400))
    assert decide(paused, 400) == Close(
        "no_end_run",
        "end_run of run 1 did not come, and run 2 has started and no file came for 5 min "
        "(rule default-run); 3 files registered, missing: STF 2",
        incomplete=True,
    )


def test_a_run_that_overlaps_with_a_later_one_stays_open_while_files_come() -> None:
    later = LaterRun(run="2", heard_at=after(100))
    seen = evidence(3, None, runs=(run(),), later=later, last_file_at=after(399))
    assert decide(seen, 400) == Wait("a file or end_run of run 1 comes", after(699))


def test_a_stream_of_an_ended_run_that_did_not_end_is_named() -> None:
    seen = evidence(3, None, runs=(run(RunState.RUNNING, 0, "daq2"),))
    assert decide(seen) == Wait("a file or end_run of daq2 comes", after(3600))


LIMITS = {
    "files": Policy(max_files=3),
    "bytes": Policy(max_bytes=3000),
    "age": Policy(max_age_s=0),
    "idle": Policy(idle_timeout_s=0),
}


@pytest.mark.parametrize("rule", LIMITS)
def test_a_stream_without_end_closes_at_its_limits(rule: str) -> None:
    decision = decide(evidence(3, None, policy=LIMITS[rule], rule="cosmics"))
    assert isinstance(decision, Close)
    assert (decision.rule, decision.incomplete) == (rule, False)
    assert "(rule cosmics)" in decision.because


def test_a_stream_without_end_says_when_it_closes() -> None:
    policy = Policy(max_files=9, max_age_s=7200, idle_timeout_s=600)
    seen = evidence(3, None, policy=policy, rule="cosmics")
    assert foretell(decide(seen), NOON) == "closes at 12:10Z unless another file comes"
    policy = Policy(max_age_s=86_400)
    seen = evidence(3, None, policy=policy, rule="cosmics")
    assert foretell(decide(seen), NOON) == "closes at 2026-11-24 12:00Z unless it is full before"


def test_a_stream_without_end_and_without_files_does_not_close() -> None:
    assert decide(evidence(0, None, policy=LIMITS["age"]), 1e6) == Wait(
        "its producer announces its end; 0 files so far"
    )


def test_a_delta_closes_when_no_other_late_file_comes() -> None:
    seen = evidence(1, None, series="d", name="swf.1.run.d1")
    assert decide(seen) == Wait("another late file comes", after(300))
    assert decide(seen, 300) == Close(
        "idle", "no other late file came for 5 min (rule default-run)"
    )


def test_accepted_loss_closes_at_once_with_what_is_there() -> None:
    seen = evidence(7, 8, kind=DatasetKind.OUTPUT, accepted_by="olga", accepted_because="bad node")
    assert decide(seen) == Close(
        "accepted_loss",
        "olga accepted the loss of what is missing: bad node; 7 files registered",
        incomplete=True,
    )


def test_incomplete_input_makes_an_incomplete_output() -> None:
    decision = decide(evidence(8, 8, kind=DatasetKind.OUTPUT, incomplete=True))
    assert isinstance(decision, Close)
    assert (decision.rule, decision.incomplete) == ("count", True)


def test_without_an_announcement_an_output_stays_open() -> None:
    seen = evidence(3, None, kind=DatasetKind.OUTPUT)
    assert decide(seen, 1e7) == Wait("its producer announces its end; 3 files so far")


def test_the_request_names_the_revision_and_what_was_seen() -> None:
    seen = evidence(7, 8, missing=("STF 57",))
    decision = decide(seen, 300)
    assert isinstance(decision, Close)
    request = close_request(seen, decision)
    assert (request.revision, request.incomplete) == (7, True)
    assert request.evidence["announced"] == 8
    assert request.evidence["missing"] == ["STF 57"]
    assert request.evidence["rule"] == "default-run"


times = st.integers(0, 20_000).map(after)
spans = st.integers(0, 10_000)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(
        max_latency_s=draw(spans),
        idle_timeout_s=draw(st.none() | spans),
        max_files=draw(st.none() | st.integers(1, 20)),
        max_bytes=draw(st.none() | st.integers(1, 20_000)),
        max_age_s=draw(st.none() | spans),
        incomplete=draw(st.sampled_from(["close", "wait"])),
    )


@st.composite
def seen_datasets(draw: st.DrawFn) -> Evidence:
    registered = draw(st.integers(0, 20))
    announced = draw(st.none() | st.integers(0, 20))
    runs = draw(
        st.lists(
            st.builds(
                RunSeen,
                run=st.just("1"),
                state=st.sampled_from(RunState),
                heard_at=times,
                going=st.lists(st.sampled_from(["daq1", "daq2"]), max_size=2).map(tuple),
            ),
            max_size=2,
        )
    )
    later = draw(st.none() | st.builds(LaterRun, run=st.just("2"), heard_at=times))
    return evidence(
        registered,
        announced,
        kind=draw(st.sampled_from(DatasetKind)),
        series=draw(st.sampled_from(["", "s", "d"])),
        announced_at=None if announced is None else draw(times),
        last_file_at=draw(times) if registered else None,
        counted=draw(st.booleans()),
        runs=tuple(runs),
        later=later if runs else None,
        accepted_by=draw(st.sampled_from(["", "olga"])),
        listening_since=draw(st.none() | times),
        policy=draw(policies()),
    )


@given(seen_datasets(), times, spans)
def test_what_closes_now_closes_later_too_by_the_same_rule(
    seen: Evidence, moment: datetime, more_s: int
) -> None:
    decision = decide_close(seen, moment)
    if isinstance(decision, Close):
        assert decide_close(seen, moment + timedelta(seconds=more_s)) == decision


@given(seen_datasets(), times)
def test_a_forecast_comes_true_at_its_moment_and_not_before(
    seen: Evidence, moment: datetime
) -> None:
    decision = decide_close(seen, moment)
    if isinstance(decision, Wait) and decision.at is not None:
        assert moment < decision.at
        assert isinstance(decide_close(seen, decision.at), Close)
        assert decide_close(seen, decision.at - timedelta(microseconds=1)) == decision


@given(seen_datasets(), times)
def test_what_waits_without_a_forecast_no_time_closes(seen: Evidence, moment: datetime) -> None:
    decision = decide_close(seen, moment)
    if isinstance(decision, Wait) and decision.at is None:
        assert isinstance(decide_close(seen, moment + timedelta(days=1000)), Wait)


@given(seen_datasets(), times)
def test_nothing_closes_as_complete_while_something_is_missing(
    seen: Evidence, moment: datetime
) -> None:
    decision = decide_close(seen, moment)
    lacks = seen.announced is not None and seen.registered < seen.announced
    endless = bool(seen.runs) and seen.announced is None and seen.series != "d"
    if isinstance(decision, Close) and (lacks or endless):
        assert decision.incomplete


@given(seen_datasets())
def test_all_that_was_announced_and_is_here_always_closes(seen: Evidence) -> None:
    if seen.announced is not None and seen.registered >= seen.announced:
        assert isinstance(decide_close(seen, after(1e6)), Close)


@given(seen_datasets(), times)
def test_every_decision_can_be_told(seen: Evidence, moment: datetime) -> None:
    assert foretell(decide_close(seen, moment), moment)


@given(seen_datasets(), times)
def test_nobody_is_given_up_before_somebody_has_listened_for_long_enough(
    seen: Evidence, moment: datetime
) -> None:
    decision = decide_close(seen, moment)
    by_silence = isinstance(decision, Close) and decision.rule in (
        "incomplete",
        "no_end_run",
        "idle",
    )
    if by_silence and seen.listening_since is not None:
        idle_s = seen.policy.idle_timeout_s
        latency_s = seen.policy.max_latency_s
        wait_s = latency_s if idle_s is None else min(latency_s, idle_s)
        assert moment - seen.listening_since >= timedelta(seconds=wait_s)
