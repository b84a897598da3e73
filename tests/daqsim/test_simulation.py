"""What happens in a run, by the schedule."""

from hypothesis import given
from hypothesis import strategies as st

from daqsim.schedule import STATES, SUBSTATES, Schedule, Step, physics_schedule
from daqsim.simulation import Happening, happenings

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


def told(
    schedule: Schedule, *, seed: int = 1, run: int = 7, stfs: int | None = None
) -> list[Happening]:
    return list(happenings(schedule, seed=seed, first_run=run, stfs=stfs))


def moves(happened: list[Happening]) -> list[tuple[float, int, str]]:
    return [(h.tick, h.run, h.msg_type) for h in happened if not h.sequence]


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
    assert [h.msg_type for h in told(physics_schedule(), stfs=100)[-2:]] == ["end_run", "stf_ready"]


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
