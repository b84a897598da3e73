"""The STF container: what is written is read, and nothing else is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_core.errors import InvalidInput
from penstock_core.stf import HEADER, Stf, TimeFrame, decode, encode, numbers_in, read_stf, stf_name

SMALL = Stf(
    42, 3, 2001, (TimeFrame(2001, 2, b"two"), TimeFrame(2002, 0, b""), TimeFrame(2003, 1, b"one"))
)

blocks = st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=40)), max_size=9)
u32 = st.integers(0, 2**31)


@given(st.integers(0, 2**64 - 1), u32, u32, blocks)
def test_what_is_written_is_read(run: int, sequence: int, first: int, contents: list):
    frames = tuple(TimeFrame(first + i, *block) for i, block in enumerate(contents))
    stf = Stf(run, sequence, first, frames)
    assert decode(encode(stf), "x") == stf


@pytest.mark.parametrize("at", range(len(encode(SMALL))))
def test_any_damaged_byte_is_noticed(at: int):
    data = bytearray(encode(SMALL))
    data[at] ^= 0x10
    with pytest.raises(InvalidInput, match="The STF x cannot be read"):
        decode(bytes(data), "x")


@pytest.mark.parametrize("size", [0, HEADER.size - 1, HEADER.size, len(encode(SMALL)) - 1])
def test_a_file_cut_short_is_noticed(size: int):
    with pytest.raises(InvalidInput, match="bytes"):
        decode(encode(SMALL)[:size], "x")


def test_bytes_after_the_end_are_noticed():
    with pytest.raises(InvalidInput, match="announced"):
        decode(encode(SMALL) + b"\0", "x")


def test_a_hole_in_the_time_frames_is_noticed():
    holed = Stf(42, 3, 2001, (TimeFrame(2001, 0, b""), TimeFrame(2003, 0, b"")))
    with pytest.raises(InvalidInput, match="not the range"):
        decode(encode(holed), "x")


def test_a_file_under_another_name_is_refused(tmp_path: Path):
    right, wrong = tmp_path / SMALL.name, tmp_path / "swf.42.000004.stf"
    right.write_bytes(encode(SMALL))
    wrong.write_bytes(encode(SMALL))
    assert read_stf(right) == SMALL
    with pytest.raises(InvalidInput, match=r"says that it is swf\.42\.000003\.stf"):
        read_stf(wrong)


def test_the_name_of_a_file_may_hold_its_stream(tmp_path: Path):
    name = stf_name(42, 3, "daq-2.east")
    assert name == "swf.42.daq-2.east.000003.stf"
    (tmp_path / name).write_bytes(encode(SMALL))
    assert read_stf(tmp_path / name) == SMALL


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("swf.42.000003.stf", (42, 3)),
        ("swf.42.1000003.stf", (42, 1000003)),
        ("swf.42.daq2.000003.stf", (42, 3)),
        ("swf.42.000001.000003.stf", (42, 3)),
        ("swf.42.3.stf", None),
        ("swf.x.000003.stf", None),
        ("swf.42..000003.stf", None),
        ("swf.42.000003.stf.tf", None),
    ],
)
def test_run_and_sequence_are_read_from_a_name(name: str, numbers: tuple[int, int] | None):
    assert numbers_in(name) == numbers
