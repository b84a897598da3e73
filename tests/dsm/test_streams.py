"""The end of a run: when it is known, and on which count."""

import doctest

import pytest

from dsm.manager.runs import sequences, stfs, streams
from dsm.manager.runs.sequences import Numbering
from dsm.manager.runs.streams import End, Stream, end_of_run, senders_of


@pytest.mark.parametrize("module", [sequences, streams, stfs])
def test_the_examples_in_the_code_hold(module):
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


def sent(name, stfs, total=None, *, ended=True, **more):
    return Stream(name, stfs, ended=ended, total=total, **more)


def control(total=None, name="control"):
    return Stream(name, ended=True, total=total)


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        ([], None),
        ([sent("a", 3, ended=False)], None),
        ([sent("a", 3, 3), sent("b", 4, ended=False)], None),
        ([sent("a", 3, 3), sent("b", 4, 5)], End(8, counted=False)),
        ([control(0)], End(0, counted=False)),
        ([control()], End(0, counted=True)),
        ([sent("a", 3, ended=False), control(5)], End(5, counted=False)),
    ],
)
def test_the_end_of_a_run_is_that_of_all_its_streams(streams, expected):
    assert end_of_run(streams, ()) == expected


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        # b's STFs are still to come, or b spoke for the run: the same total, and not settled.
        ([sent("a", 3, 3), control(3, "b")], End(3, counted=True)),
        ([control(3, "a"), control(3, "b")], End(3, counted=True)),
        # Less than a has alone is b's own.
        ([sent("a", 3, 3), control(2, "b")], End(5, counted=True)),
    ],
)
def test_where_it_is_open_who_spoke_for_the_run_the_count_is_not_settled(streams, expected):
    assert end_of_run(streams, ()) == expected


def test_what_nobody_told_is_counted_from_what_is_known_and_from_gaps():
    numbers = [
        Numbering("a", 3, 3, 3, 1, 5),
        Numbering("b", 2, 2, 2, 0, 1),
        Numbering(None, 1, 1, 1, 9, 9),
    ]
    both = [sent("a", 3), sent("b", 2)]
    assert end_of_run(both, numbers) == End(5 + 2 + 1, counted=True)
    assert end_of_run([sent("a", 3), sent("b", 2, 4)], numbers) == End(5 + 4 + 1, counted=True)
    both = [sent("a", 3, ended=False), sent("b", 2, ended=False), control()]
    assert end_of_run(both, numbers) == End(5 + 2 + 1, counted=True)


@pytest.mark.parametrize(
    ("streams", "senders"),
    [
        ([sent("daq", 3), Stream("agent", unannounced=1)], ["daq"]),
        ([sent("a", 3), Stream("b", unannounced=1, ended=True, total=2)], ["a", "b"]),
        ([sent("a", 3), Stream("b", unannounced=1, named=True)], ["a", "b"]),
        ([Stream("a", unannounced=1), Stream("b", unannounced=1)], ["a", "b"]),
        # One that is named has ended with nothing: it is a stream, and speaks for no other.
        ([sent("a", 3, named=True), Stream("b", named=True, ended=True, total=0)], ["a", "b"]),
        ([sent("a", 3), Stream("b", named=True, ended=True, total=3)], ["a"]),
    ],
)
def test_streams_are_those_who_send_stfs(streams, senders):
    assert [s.name for s in senders_of(streams)] == senders
