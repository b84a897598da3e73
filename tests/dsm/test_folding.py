"""A run's state is a fold over facts in the order of the DAQ's clock; misfits are flagged."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dsm.manager.runs.folding import MOVES, Fact, Folded, fold_run, last_totals
from penstock_core.states import RunState


def fact(second, key, sender="control", tick=-1.0, **more):
    at = f"2026-01-01T00:00:{second:02d}.000000+00:00"
    return Fact(at, tick, key, sender, sender, sender, **more)


CLEAN = [
    fact(0, "run_imminent"),
    fact(10, "start_run"),
    fact(20, "pause_run"),
    fact(20, "resume_run", tick=3.0),
    fact(30, "end_run"),
]


def at(second):
    return f"2026-01-01T00:00:{second:02d}.000000+00:00"


def test_a_clean_run_has_no_flag():
    ended = Folded(RunState.ENDED, at(30), at(10), at(30), ())
    assert fold_run(CLEAN) == ended
    assert fold_run(CLEAN[:4]) == Folded(RunState.RUNNING, at(20), at(10), None, ())
    assert fold_run([]) == Folded()


def test_what_is_missing_is_flagged_and_followed():
    folded = fold_run([fact(10, "start_run"), fact(20, "run_imminent")])
    assert folded.state is RunState.IMMINENT
    assert [(f.before, f.after, f.message, f.why) for f in folded.flags] == [
        ("", "RUNNING", "start_run", "no run_imminent came before it"),
        ("RUNNING", "IMMINENT", "run_imminent", "from RUNNING a run goes to ENDED, PAUSED"),
    ]


def test_a_run_that_has_ended_stays_so():
    folded = fold_run([*CLEAN, fact(40, "resume_run"), fact(41, "end_run")])
    assert (folded.state, folded.state_at, folded.ended_at) == (RunState.ENDED, at(30), at(41))
    assert [(f.at, f.before, f.after, f.why) for f in folded.flags] == [
        (at(40), "ENDED", "RUNNING", "the run had ended, and stays so")
    ]


def test_a_run_ends_with_the_last_of_its_senders():
    ends = [*CLEAN[:4], fact(25, "end_run", "a"), fact(26, "pause_run")]
    assert fold_run(ends, ["a", "b"]).state is RunState.PAUSED
    assert fold_run([*ends, fact(28, "end_run", "b")], ["a", "b"]).ended_at == at(28)
    assert fold_run([*ends, fact(29, "end_run")], ["a", "b"]).ended_at == at(29)
    assert fold_run(ends, ["b"]).ended_at == at(25)


def test_the_total_that_was_told_last_counts():
    ends = [
        fact(10, "end_run", "a", total=5),
        fact(20, "end_run", "a", total=7, named=True),
        fact(30, "end_run", "a"),
        fact(10, "end_run", "b"),
    ]
    assert last_totals(reversed(ends)) == {"a": (7, True), "b": (None, False)}


facts = st.builds(
    fact,
    st.integers(0, 59),
    st.sampled_from([*MOVES, "data_ready"]),
    st.sampled_from(["a", "b", "control"]),
    st.sampled_from([-1.0, 0.0, 2.5]),
)


@given(st.data(), st.lists(facts, max_size=12), st.sets(st.sampled_from("abc")))
@example(None, [fact(0, "end_run", "a"), fact(0, "start_run")], {"a"})
def test_neither_order_nor_repetition_makes_a_difference(data, told, senders):
    again = told[::-1]
    if data is not None and told:
        again = data.draw(st.permutations(told)) + data.draw(st.lists(st.sampled_from(told)))
    assert fold_run(set(again), senders) == fold_run(set(told), senders)


@pytest.mark.parametrize("key", [*MOVES, "data_ready"])
def test_saying_it_again_a_moment_later_flags_nothing(key):
    upto = CLEAN[: [f.type for f in CLEAN].index(key) + 1] if key in MOVES else CLEAN
    assert fold_run([*upto, fact(31, key)]).flags == ()
