"""What misbehaviour does to the messages of a run, each kind alone and all together."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daqsim.happening import Happening
from daqsim.misbehaviour import OWN_ID, SAME_ID, Telling, misbehave
from daqsim.mischief import KINDS, Mischief, parse_mischief
from daqsim.plan import Plan
from daqsim.schedule import physics_schedule
from daqsim.simulation import happenings
from penstock_core.errors import InvalidInput

PLAN = Plan(physics_schedule(), 1, 7, times=2, every_s=10, senders=2, samples=1, calibrations=1)
HAPPENED = tuple(happenings(PLAN))
probabilities = st.fixed_dictionaries({}, optional=dict.fromkeys(KINDS, st.sampled_from([0.1, 1])))


def told(seed: int = 1, **asked: Any) -> list[Telling]:
    return list(misbehave(HAPPENED, Mischief(**asked), seed))


def about(tellings: list[Telling], msg_type: str) -> list[Telling]:
    return [t for t in tellings if t.happening.msg_type == msg_type]


def happened(tellings: list[Telling]) -> list[Happening]:
    return [t.happening for t in tellings]


def test_without_mischief_what_happens_is_told_as_it_happens():
    tellings = told()
    assert happened(tellings) == list(HAPPENED)
    assert all(t.told and not t.deeds and t.copy == 0 for t in tellings)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("lose_")])
def test_a_lost_message_is_not_told_and_no_other_is_touched(kind: str):
    lost = [t for t in told(**{kind: 1}) if not t.told]
    assert {t.happening.msg_type for t in lost} == {kind.removeprefix("lose_")}
    assert len(lost) == len(about(told(), kind.removeprefix("lose_")))


def test_every_message_repeated_is_told_twice_under_the_same_id_or_another():
    tellings = told(repeat=1, delay_s=3)
    assert len(tellings) == 2 * len(HAPPENED)
    assert {t.copy for t in tellings} == {0, SAME_ID, OWN_ID}
    assert all(0 <= t.tick - t.happening.tick <= 3 for t in tellings)


def test_what_is_lost_is_not_repeated():
    assert all(not t.copy for t in about(told(repeat=1, lose_stf_gen=1), "stf_gen"))


def test_a_delay_is_no_longer_than_asked():
    delays_s = [t.tick - t.happening.tick for t in told(delay=1, delay_s=4)]
    assert 3 < max(delays_s) <= 4
    assert min(delays_s) >= 0


def test_a_message_changes_its_place_with_the_next():
    order = [t.origin for t in told(reorder=0.2)]
    assert order != sorted(order)
    assert sorted(order) == list(range(len(HAPPENED)))
    assert all(abs(place - origin) <= 20 for place, origin in enumerate(order))


def test_a_late_file_is_told_after_the_end_of_its_run():
    ends = {h.run: h.tick for h in HAPPENED if h.msg_type == "end_run"}
    for telling in about(told(late=1, late_s=20), "stf_ready"):
        assert 10 <= telling.tick - ends[telling.happening.run] <= 20 + 0.2


def test_a_missing_file_is_announced_and_never_comes():
    tellings = told(missing=1)
    assert all(t.told for t in about(tellings, "stf_gen"))
    assert not any(t.told or t.brings_file for t in about(tellings, "stf_ready"))


def test_a_vanished_file_is_told_and_is_not_there():
    ready = about(told(vanish=1), "stf_ready")
    assert all(t.told and not t.brings_file for t in ready)


def test_a_file_whose_message_is_lost_is_there_all_the_same():
    ready = about(told(lose_stf_ready=1), "stf_ready")
    assert all(t.brings_file and not t.told for t in ready)


def test_all_messages_about_a_file_agree_on_what_befell_it():
    tellings = told(damage_header=0.3, damage_payload=0.3, missing=0.3)
    gens = {t.happening.key: t.deeds for t in about(tellings, "stf_gen")}
    assert gens == {t.happening.key: t.deeds for t in about(tellings, "stf_ready")}
    assert {len(deeds) for deeds in gens.values()} == {0, 1}


def test_calibrations_lose_nothing_but_may_be_late_and_told_twice():
    tellings = told(**dict.fromkeys(KINDS, 1.0))
    calibrations = [t for t in tellings if "." in t.happening.msg_type]
    assert calibrations
    assert all(t.told and t.deeds <= {"repeat", "delay", "reorder"} for t in calibrations)


@settings(deadline=None, max_examples=40)
@given(probabilities, st.integers(0, 99))
def test_each_message_is_told_or_lost_and_in_the_order_of_sending(asked: dict, seed: int):
    tellings = told(seed, **asked)
    ticks = [t.tick for t in tellings]
    assert ticks == sorted(ticks)
    assert all(t.tick >= t.happening.tick for t in tellings)
    firsts = Counter(t.origin for t in tellings if not t.copy)
    assert firsts == Counter(range(len(HAPPENED)))
    assert tellings == told(seed, **asked)


@settings(deadline=None, max_examples=40)
@given(probabilities, st.sampled_from(KINDS), st.integers(0, 99))
def test_one_more_misbehaviour_changes_nothing_about_the_others(asked: dict, kind: str, seed: int):
    """But that a file that never came cannot be late, or damaged in two ways."""
    exclusive = {"missing", "vanish", "late"}
    if kind in exclusive or kind.startswith("damage_"):
        return
    before = {(t.origin, t.copy): t.deeds for t in told(seed, **asked)}
    after = {(t.origin, t.copy): t.deeds for t in told(seed, **{**asked, kind: 1.0})}
    changes = Counter(
        frozenset(before[place] ^ deeds) for place, deeds in after.items() if place in before
    )
    assert set(changes) <= {frozenset(), frozenset({kind})}


def test_another_seed_does_other_mischief():
    assert told(1, lose_stf_gen=0.5) != told(2, lose_stf_gen=0.5)


def test_the_words_of_the_command_line():
    assert parse_mischief([]) == Mischief()
    assert parse_mischief(["repeat=0.1", "lose-stf-gen=1", "delay_s=30"]) == Mischief(
        repeat=0.1, lose_stf_gen=1, delay_s=30
    )
    every = parse_mischief(["all=0.2", "missing=0"])
    assert {kind for kind in KINDS if getattr(every, kind) == 0.2} == set(KINDS) - {"missing"}


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("lose_files=0.1", "No misbehaviour is called 'lose_files'; there are all, lose_run_immi"),
        ("repeat", "repeat=: Input should be a valid number"),
        ("repeat=2", "repeat=2: Input should be less than or equal to 1"),
        ("repeat=nan", "repeat=nan: Input should be"),
        ("delay_s=inf", "delay_s=inf: Input should be a finite number"),
    ],
)
def test_a_word_that_is_wrong_is_refused(word: str, problem: str):
    with pytest.raises(InvalidInput) as refused:
        parse_mischief([word])
    assert problem in refused.value.message
    assert "docs/daqsim.md" in refused.value.hint
