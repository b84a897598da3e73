"""Frames between the pilot and its worker: four bytes of length, then JSON."""

import json
import struct
from typing import Any

HEADER = struct.Struct(">I")
Frame = dict[str, Any]


def pack(frame: Frame) -> bytes:
    """Return ``frame`` as bytes for the wire."""
    body = json.dumps(frame, separators=(",", ":")).encode()
    return HEADER.pack(len(body)) + body


class Unpacker:
    """Collects bytes and gives back whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that ``data`` completes, in order."""
        self._buffer += data
        frames = []
        while len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            end = HEADER.size + length
            if len(self._buffer) < end:
                break
            frames.append(json.loads(self._buffer[HEADER.size : end]))
            del self._buffer[:end]
        return frames
