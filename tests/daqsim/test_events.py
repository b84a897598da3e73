"""The real collision events, and how they are cut into STFs."""

from pathlib import Path

import pytest

from daqsim.events import EVENT, MUON, CollisionEvents, hzz_file, read_events
from daqsim.source import Noise, open_source
from penstock_core.errors import InvalidInput
from penstock_core.stf import Stf


@pytest.fixture(scope="module")
def events() -> tuple:
    return read_events(hzz_file())


def numbers(stf: Stf) -> list[int]:
    found = []
    for frame in stf.frames:
        at = 0
        for _ in range(frame.events):
            number, muons, *_ = EVENT.unpack_from(frame.data, at)
            found.append(number)
            at += EVENT.size + muons * MUON.size
        assert at == len(frame.data)
    return found


def test_there_are_2421_real_events(events: tuple):
    assert len(events) == 2421
    assert sum(len(event.muons) == 2 for event in events) == 1371
    assert {muon[4] for event in events for muon in event.muons} == {-1, 1}


@pytest.mark.parametrize("stfs", [1, 8, 13])
def test_each_event_is_in_one_stf_in_order(events: tuple, stfs: int):
    source = CollisionEvents(events, stfs)
    taken = [source.stf(7, sequence, sequence) for sequence in range(1, stfs + 1)]
    assert [n for stf in taken for n in numbers(stf)] == list(range(2421))
    assert [(stf.first_tf, len(stf.frames)) for stf in taken] == [
        (1000 * i + 1, 1000) for i in range(stfs)
    ]


def test_events_are_cut_into_eight_unless_told(events: tuple):
    assert open_source("hzz", None, seed=1).stfs == 8


def test_more_stfs_than_events_are_refused(events: tuple):
    with pytest.raises(InvalidInput, match="cannot be cut into 2422"):
        CollisionEvents(events, 2422)


def test_a_file_without_events_is_named(tmp_path: Path):
    file = tmp_path / "x.root"
    file.write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match=r"x\.root cannot be read"):
        read_events(file)


def test_noise_follows_from_seed_run_and_sequence():
    assert Noise(1).stf(7, 2, 2) == Noise(1).stf(7, 2, 2)
    assert Noise(1).stf(7, 2, 2) != Noise(2).stf(7, 2, 2)
    assert Noise(1).stf(7, 2, 2) != Noise(1).stf(8, 2, 2)


def test_the_second_of_two_streams_numbers_what_it_takes_from_one_on(events: tuple):
    source = CollisionEvents(events, 8)
    alone, of_two = source.stf(7, 2, 2), source.stf(7, 2, 1)
    assert numbers(of_two) == numbers(alone)
    assert (of_two.sequence, of_two.first_tf) == (1, 1)
