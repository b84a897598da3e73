"""What happens in a run, by the schedule."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from daqsim.happening import Happening
from daqsim.plan import Plan
from daqsim.schedule import STATES, SUBSTATES, Schedule, Step, physics_schedule
from daqsim.simulation import happenings

TESTBED = (
    Step("no_beam", "calib", 10),
    Step("beam", "not_ready", 10),
    Step("beam", "ready", 10),
    Step("run", "standby", 10),
    Step("run", "physics", 60),
)

steps = st.builds(Step, st.sampled_from(STATES), st.sampled_from(SUBSTATES), st.integers(1, 30))
physics = st.builds(Step, st.just("run"), st.just("physics"), st.integers(1, 30))
schedules = st.lists(steps | physics, min_size=1, max_size=12).map(tuple)


def told(schedule: Schedule, *, seed: int = 1, run: int = 7, **given: Any) -> list[Happening]:
    return list(happenings(Plan(schedule, seed, run, **given)))


def moves(happened: list[Happening]) -> list[tuple[float, int, str]]:
    return [(h.tick, h.run, h.msg_type) for h in happened if not h.number]


def test_the_live_sequence_is_announced_started_paused_resumed_and_ended():
    assert moves(told(physics_schedule())) == [
        (5, 7, "run_imminent"),
        (13, 7, "start_run"),
        (23, 7, "pause_run"),
        (25, 7, "resume_run"),
        (35, 7, "end_run"),
    ]


def test_a_schedule_that_ends_in_physics_ends_the_run():
    assert moves(told(TESTBED)) == [
        (10, 7, "run_imminent"),
        (40, 7, "start_run"),
        (100, 7, "end_run"),
    ]


def test_a_schedule_twice_over_makes_two_runs():
    runs = [(run, what) for _, run, what in moves(told(TESTBED * 2)) if what != "start_run"]
    assert runs == [
        (7, "run_imminent"),
        (7, "end_run"),
        (8, "run_imminent"),
        (8, "end_run"),
    ]


def test_a_run_given_up_before_its_start_ends_empty():
    happened = told((Step("beam", "ready", 5), Step("no_beam", "ready", 5)))
    assert [(h.msg_type, h.stfs) for h in happened] == [("run_imminent", 0), ("end_run", 0)]


def test_eight_stfs_always_fit_into_the_live_sequence():
    for seed in range(50):
        assert told(physics_schedule(), seed=seed, stfs=8)[-1].stfs == 8


def test_only_those_sent_are_counted_when_the_schedule_is_too_short():
    happened = told(physics_schedule(), stfs=100)
    (end,) = (h for h in happened if h.msg_type == "end_run")
    assert end.stfs == sum(h.msg_type == "stf_gen" for h in happened)
    assert 8 <= end.stfs <= 20


def test_the_last_stf_may_be_ready_only_after_the_run_has_ended():
    happened = told(physics_schedule(), stf_every_s=(2, 2))
    assert [h.msg_type for h in happened[-3:]] == ["stf_gen", "end_run", "stf_ready"]


@given(schedules, st.integers(0, 99))
def test_stfs_come_in_physics_alone_every_one_to_two_seconds(schedule: Schedule, seed: int):
    for h in told(schedule, seed=seed):
        if h.msg_type == "stf_gen":
            assert (h.state, h.substate) == ("run", "physics")
            assert h.ended - h.began + 1e-9 >= 1
            assert h.ended - h.began <= 2 + 1e-9


@given(schedules, st.integers(0, 99))
def test_each_run_is_numbered_without_holes_and_counted_at_its_end(schedule: Schedule, seed: int):
    happened = told(schedule, seed=seed)
    for run in {h.run for h in happened}:
        mine = [h for h in happened if h.run == run]
        for what in ("stf_gen", "stf_ready"):
            found = [h.sequence for h in mine if h.msg_type == what]
            (end,) = (h for h in mine if h.msg_type == "end_run")
            assert found == list(range(1, end.stfs + 1))
        assert mine[0].msg_type == "run_imminent"


@given(schedules, st.integers(0, 99))
def test_time_never_goes_back_and_the_same_seed_tells_the_same(schedule: Schedule, seed: int):
    happened = told(schedule, seed=seed)
    ticks = [h.tick for h in happened]
    assert ticks == sorted(ticks)
    assert happened == told(schedule, seed=seed)


def test_another_seed_takes_stfs_at_other_times():
    assert told(TESTBED, seed=1) != told(TESTBED, seed=2)


def test_an_stf_that_is_complete_as_the_state_ends_is_of_the_state():
    """ePIC's live sequence makes an STF every 2 s for 10 s, twice: ten in all."""
    happened = told(physics_schedule(), stf_every_s=(2, 2))
    assert [h.tick for h in happened if h.msg_type == "stf_gen"] == [
        *(15, 17, 19, 21, 23),
        *(27, 29, 31, 33, 35),
    ]
    (end,) = (h for h in happened if h.msg_type == "end_run")
    assert end.stfs == 10


def test_runs_overlap_where_the_schedule_is_followed_anew_before_its_end():
    happened = told(physics_schedule(), times=3, every_s=10)
    spans = {run: [h.tick for h in happened if h.run == run and not h.is_stf] for run in (7, 8, 9)}
    assert {run: (ticks[0], ticks[-1]) for run, ticks in spans.items()} == {
        7: (5, 35),
        8: (15, 45),
        9: (25, 55),
    }


def test_namespaces_have_runs_of_the_same_numbers():
    happened = told(TESTBED * 2, namespaces=("a", "b"))
    runs = {(h.namespace, h.run) for h in happened}
    assert runs == {("a", 7), ("a", 8), ("b", 7), ("b", 8)}
    of_a = [h.tick for h in happened if h.is_stf and h.namespace == "a"]
    assert of_a != [h.tick for h in happened if h.is_stf and h.namespace == "b"]


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 5), st.integers(0, 99))
def test_senders_number_their_stfs_in_parallel(senders: int, seed: int):
    happened = told(TESTBED, seed=seed, senders=senders)
    gens = [h for h in happened if h.msg_type == "stf_gen"]
    assert [h.number for h in gens] == list(range(1, len(gens) + 1))
    for sender in range(1, senders + 1):
        mine = [h for h in gens if h.sender == f"daq-simulator-{sender}"]
        assert [h.sequence for h in mine] == list(range(1, len(mine) + 1))
        assert {h.stream for h in mine} == {f"daq-simulator-{sender}"}
    (end,) = (h for h in happened if h.msg_type == "end_run")
    assert (end.sender, end.stfs) == ("daq-simulator", len(gens))


def test_the_limit_of_stfs_is_that_of_the_run_whoever_sends_them():
    happened = told(TESTBED, senders=3, stfs=20)
    assert sum(h.msg_type == "stf_gen" for h in happened) == 20


def test_each_sender_may_end_its_own_stream():
    happened = told(TESTBED, senders=2, streams_end=True)
    ends = {h.sender: h.stfs for h in happened if h.msg_type == "end_run"}
    gens = [h.sender for h in happened if h.msg_type == "stf_gen"]
    assert ends == {sender: gens.count(sender) for sender in set(gens)}


def test_a_burst_is_ten_stfs_at_ten_times_the_rate():
    happened = told((Step("run", "physics", 60),), stf_every_s=(1, 1), burst=1.0)
    gens = [h.tick for h in happened if h.msg_type == "stf_gen"]
    assert len(gens) >= 590
    calm = told((Step("run", "physics", 600),), stf_every_s=(1, 1), burst=0.02)
    gens = [h.tick for h in calm if h.msg_type == "stf_gen"]
    steps = [round(b - a, 3) for a, b in pairwise(gens)]
    fast = "".join("f" if step == 0.1 else "s" for step in steps).split("s")
    lengths = {len(stretch) for stretch in fast[1:-1] if stretch}
    assert 10 in lengths
    assert all(length % 10 == 0 for length in lengths)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99))
def test_calibrations_come_when_they_like_within_their_time(seed: int):
    happened = told(physics_schedule(), seed=seed, calibrations=2, calibration_s=50)
    for number in (1, 2):
        mine = [h for h in happened if "." in h.msg_type and h.number == number]
        assert [(h.msg_type, h.sequence) for h in mine] == [
            ("file.input", 1),
            ("file.input", 2),
            ("dataset.input", 0),
        ]
        assert 5 <= mine[0].tick <= mine[-1].tick <= 55
