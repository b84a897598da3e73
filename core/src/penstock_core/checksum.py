"""Checksums as Penstock writes them, ``algorithm:hex``, computed block by block."""

import hashlib
import zlib
from collections.abc import Callable
from typing import Protocol

from penstock_core.errors import InvalidInput

DEFAULT = "adler32"


class Digest(Protocol):
    """A checksum in the making."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        ...

    def hexdigest(self) -> str:
        """Return the checksum of all bytes so far, in hexadecimal digits."""
        ...


class _Rolling:
    """One of zlib's checksums with the interface of hashlib; eight hexadecimal digits."""

    def __init__(self, function: Callable[[bytes, int], int], start: int) -> None:
        self._function = function
        self._value = start

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


_ROLLING = {"adler32": (zlib.adler32, 1), "crc32": (zlib.crc32, 0)}
_HASHES = ("md5", "sha1", "sha256", "sha512")


def new_digest(algorithm: str) -> Digest:
    """Return a fresh digest; raises ``InvalidInput`` for an algorithm that is not known."""
    if algorithm in _ROLLING:
        return _Rolling(*_ROLLING[algorithm])
    if algorithm in _HASHES:
        return hashlib.new(algorithm, usedforsecurity=False)
    known = ", ".join((*_ROLLING, *_HASHES))
    raise InvalidInput(
        f"The checksum algorithm {algorithm!r} is not known; known are {known}.",
        hint="Register the file with a checksum of one of these.",
    )
