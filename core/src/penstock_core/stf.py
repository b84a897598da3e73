"""The STF container: a super time frame of the DAQ as one binary file.

Little-endian: a header of 48 bytes, then one block for each time frame (TF), in the order of
their numbers and without a hole. ``docs/reference/stf-format.md`` describes every byte.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from penstock_core.errors import InvalidInput

MAGIC = b"PSTF"
VERSION = 1
TFS_PER_STF = 1000
HEADER = struct.Struct("<4sHHQIIIIQII")
BLOCK = struct.Struct("<III")
_KIND = struct.pack("<HH", VERSION, HEADER.size)
_NAME = re.compile(r"swf\.([0-9]+)\.(?:.+\.)?([0-9]{6,})\.stf")


@dataclass(frozen=True, slots=True)
class TimeFrame:
    """One TF: its number in the run, how many events it holds, and their bytes."""

    number: int
    events: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Stf:
    """One STF: ``sequence`` counts from 1 in its run; ``frames`` begin with TF ``first_tf``."""

    run: int
    sequence: int
    first_tf: int
    frames: tuple[TimeFrame, ...]

    @property
    def name(self) -> str:
        """Return the name of its file, where its run has one stream."""
        return stf_name(self.run, self.sequence)

    @property
    def events(self) -> int:
        """Return how many events it holds."""
        return sum(frame.events for frame in self.frames)


def stf_name(run: int, sequence: int, stream: str = "") -> str:
    """Return ``swf.<run>.<sequence, six digits>.stf``, as ePIC names them.

    Where several streams of a run number their STFs in parallel, the name of the ``stream``
    stands before the sequence.
    """
    return ".".join(word for word in ("swf", str(run), stream, f"{sequence:06d}", "stf") if word)


def numbers_in(name: str) -> tuple[int, int] | None:
    """Return run and sequence that the name of an STF's file says, or None if it is none."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def encode(stf: Stf) -> bytes:
    """Return the bytes of ``stf``: the same ones for the same contents, always."""
    payload = b"".join(
        BLOCK.pack(frame.number, frame.events, len(frame.data)) + frame.data for frame in stf.frames
    )
    head = HEADER.pack(
        MAGIC,
        VERSION,
        HEADER.size,
        stf.run,
        stf.sequence,
        stf.first_tf,
        len(stf.frames),
        stf.events,
        len(payload),
        zlib.crc32(payload),
        0,
    )[:-4]
    return head + zlib.crc32(head).to_bytes(4, "little") + payload


@dataclass(frozen=True, slots=True)
class Header:
    """What an STF's header says: ``tfs`` TFs from ``first_tf`` on, ``events`` events in all."""

    run: int
    sequence: int
    first_tf: int
    tfs: int
    events: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header, with the size and the CRC-32 of the payload that must follow it."""

    header: Header
    size_bytes: int
    crc: int

    def check_payload(self, size_bytes: int, crc: int, source: str) -> None:
        """Raise ``InvalidInput`` unless a payload of this size and CRC-32 is the one announced."""
        announced = f"announced {self.size_bytes}"
        _check(size_bytes == self.size_bytes, source, f"payload of {size_bytes} bytes, {announced}")
        _check(crc == self.crc, source, "the payload is damaged")


def is_stf(data: bytes) -> bool:
    """Return whether a file that begins with ``data`` is in this container, or was.

    One of which the first bytes alone are damaged must not pass for some other format.
    """
    return data.startswith(MAGIC) or data[4:8] == _KIND


def read_envelope(data: bytes, source: str) -> Envelope:
    """Return what the header says with which ``data`` begins; ``source`` names it in errors.

    Raises
    ------
    InvalidInput
        it is no header, or damaged.
    """
    _check(len(data) >= HEADER.size, source, f"{len(data)} bytes are less than a header")
    magic, version, size, run, sequence, first_tf, tfs, events, length, crc, head_crc = (
        HEADER.unpack_from(data)
    )
    _check(magic == MAGIC, source, f"it begins with {magic!r} instead of {MAGIC!r}")
    _check(version == VERSION, source, f"version {version} is not known, only {VERSION}")
    _check(head_crc == zlib.crc32(data[: HEADER.size - 4]), source, "the header is damaged")
    _check(size == HEADER.size, source, f"a header of {size} bytes instead of {HEADER.size}")
    return Envelope(Header(run, sequence, first_tf, tfs, events), length, crc)


def read_stf(path: Path) -> Stf:
    """Return the STF in ``path``, checked as :func:`decode` does and against its file name."""
    stf = decode(path.read_bytes(), path.name)
    fits = numbers_in(path.name) == (stf.run, stf.sequence)
    _check(fits, path.name, f"its header says that it is {stf.name}")
    return stf


def decode(data: bytes, source: str) -> Stf:
    """Return the STF that ``data`` holds; ``source`` names it in errors.

    Raises
    ------
    InvalidInput
        a byte of it is not what was written: the message says what does not fit.
    """
    envelope = read_envelope(data, source)
    payload = data[HEADER.size :]
    envelope.check_payload(len(payload), zlib.crc32(payload), source)
    head = envelope.header
    stf = Stf(head.run, head.sequence, head.first_tf, _blocks(payload, source))
    _check_counts(stf, head.tfs, head.events, source)
    return stf


def _blocks(payload: bytes, source: str) -> tuple[TimeFrame, ...]:
    frames: list[TimeFrame] = []
    at = 0
    while at < len(payload):
        _check(at + BLOCK.size <= len(payload), source, f"a TF header is cut off at byte {at}")
        number, events, size = BLOCK.unpack_from(payload, at)
        at += BLOCK.size
        _check(at + size <= len(payload), source, f"TF {number} is cut off at byte {at}")
        frames.append(TimeFrame(number, events, payload[at : at + size]))
        at += size
    return tuple(frames)


def _check_counts(stf: Stf, frames: int, events: int, source: str) -> None:
    found = [frame.number for frame in stf.frames]
    expected = list(range(stf.first_tf, stf.first_tf + frames))
    _check(found == expected, source, "its TF blocks are not the range that its header says")
    _check(stf.events == events, source, f"{stf.events} events in its blocks, announced {events}")


def _check(fits: bool, source: str, problem: str) -> None:
    if not fits:
        raise InvalidInput(
            f"The STF {source} cannot be read: {problem}.",
            hint="Take it again from where it was written; its checksum is in the DAQ's message.",
            facts={"file": source},
        )
