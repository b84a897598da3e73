"""How states, times and sizes look to people."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock_core import looks, states

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MACHINES = (
    states.TemplateStatus,
    states.DatasetState,
    states.FileState,
    states.TaskStatus,
    states.JobState,
    states.RunState,
)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_has_a_look_of_its_own(machine):
    assert all(looks.is_known(state) for state in machine)


def test_a_state_of_the_future_looks_as_if_it_waited():
    assert looks.look("UNHEARD_OF") == looks.Look("UNHEARD_OF", "white", "waiting")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=400), "400 d ago"),
        (timedelta(minutes=-5), "in 5 min"),
    ],
)
def test_an_age_is_in_its_largest_unit(span, text):
    assert looks.age(NOW - span, NOW) == text


def test_times_are_told_in_utc():
    zone = datetime.fromisoformat("2026-11-23T14:00:00+02:00")
    assert looks.utc(zone) == "2026-11-23 12:00:00"


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (48_300_000, "48.3 MB"),
        (999_600, "1 MB"),
        (999_960_000, "1 GB"),
        (123_456_789_012, "123 GB"),
        (5 * 10**15, "5 PB"),
    ],
)
def test_a_size_has_three_figures(size_bytes, text):
    assert looks.size(size_bytes) == text
