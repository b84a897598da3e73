"""Decode one STF file into columns: ``decode.py IN.stf OUT.npz``.

Checks every byte against the header's checksums, the header against the file's name, and the
blocks against the header's counts. The same STF gives the same bytes of output.
"""

import re
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

HEADER = struct.Struct("<4sHHQIIIIQII")
BLOCK = struct.Struct("<III")
EVENT = struct.Struct("<IHHHHff")
MUON = np.dtype(
    [("px", "<f4"), ("py", "<f4"), ("pz", "<f4"), ("e", "<f4"), ("charge", "<i4"), ("iso", "<f4")]
)
NAME = re.compile(r"swf\.(\d+)\.(?:.+\.)?(\d{6,})\.stf")


def require(fits, problem):
    if not fits:
        sys.exit(f"decode: {sys.argv[1]}: {problem}")


def read_header(data):
    """Return run, sequence, first TF, number of TFs, number of events, and the payload."""
    require(len(data) >= HEADER.size, f"{len(data)} bytes are less than a header")
    magic, version, size, run, sequence, first_tf, tfs, events, length, crc, head_crc = (
        HEADER.unpack_from(data)
    )
    require(magic == b"PSTF", f"begins with {magic!r}, so it is no STF")
    require(version == 1, f"has version {version}, only 1 is known")
    require(head_crc == zlib.crc32(data[: HEADER.size - 4]), "the header is damaged")
    payload = data[size:]
    require(len(payload) == length, f"payload of {len(payload)} bytes, announced {length}")
    require(crc == zlib.crc32(payload), "the payload is damaged")
    return run, sequence, first_tf, tfs, events, payload


def check_name(name, run, sequence):
    match = NAME.fullmatch(name)
    require(match, "is not named swf.<run>[.<stream>].<sequence>.stf")
    said = (int(match[1]), int(match[2]))
    require(said == (run, sequence), f"its header says run {run}, sequence {sequence}")


def read_blocks(payload):
    """Yield number, event count and bytes of each TF."""
    at = 0
    while at < len(payload):
        require(at + BLOCK.size <= len(payload), f"a TF header is cut off at byte {at}")
        number, events, size = BLOCK.unpack_from(payload, at)
        at += BLOCK.size
        require(at + size <= len(payload), f"TF {number} is cut off at byte {at}")
        yield number, events, payload[at : at + size]
        at += size


def read_events(number, count, data):
    """Yield the scalars and the muons of each event of one TF."""
    at = 0
    for _ in range(count):
        require(at + EVENT.size <= len(data), f"an event of TF {number} is cut off")
        event, muons, electrons, jets, _, met_px, met_py = EVENT.unpack_from(data, at)
        at += EVENT.size
        require(at + muons * MUON.itemsize <= len(data), f"muons of TF {number} are cut off")
        yield (event, electrons, jets, met_px, met_py), np.frombuffer(data, MUON, muons, at)
        at += muons * MUON.itemsize
    require(at == len(data), f"TF {number} has {len(data) - at} bytes after its events")


def columns_of(events):
    """Return the events as columns; ``muon_offsets[i]`` is where event i's muons begin."""
    scalars = np.array(
        [scalars for scalars, _ in events],
        dtype=[("event", "<u4"), ("electrons", "<u2"), ("jets", "<u2"), ("met_px", "<f4"),
               ("met_py", "<f4")],
    )  # fmt: skip
    muons = np.concatenate([np.empty(0, MUON), *(muons for _, muons in events)])
    offsets = np.cumsum([0, *(len(muons) for _, muons in events)], dtype="<i8")
    return (
        {name: scalars[name] for name in scalars.dtype.names}
        | {f"muon_{name}": muons[name] for name in MUON.names}
        | {"muon_offsets": offsets}
    )


def main():
    source, target = Path(sys.argv[1]), sys.argv[2]
    run, sequence, first_tf, tfs, announced, payload = read_header(source.read_bytes())
    check_name(source.name, run, sequence)
    blocks = list(read_blocks(payload))
    found = [number for number, _, _ in blocks]
    require(found == list(range(first_tf, first_tf + tfs)), "its TFs are not its header's range")
    events = [event for block in blocks for event in read_events(*block)]
    require(len(events) == announced, f"{len(events)} events, announced {announced}")
    counts = {"run": run, "sequence": sequence, "events_in": announced}
    np.savez(target, **counts, events_decoded=len(events), **columns_of(events))


main()
