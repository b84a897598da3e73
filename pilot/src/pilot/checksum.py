"""Copying a file and knowing its checksum and size from the same read."""

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from pilot.model import JobError

_CHUNK_BYTES = 1 << 20
DEFAULT = "adler32"


class Readable(Protocol):
    """What bytes are read from; no bytes mean the end."""

    def read(self, size: int, /) -> bytes:
        """Return about ``size`` bytes."""
        ...


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


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


def _new_digest(algorithm: str) -> _Digest:
    if algorithm in _ROLLING:
        return _Rolling(*_ROLLING[algorithm])
    if algorithm in _HASHES:
        return hashlib.new(algorithm, usedforsecurity=False)
    known = ", ".join((*_ROLLING, *_HASHES))
    raise JobError(
        f"The checksum algorithm {algorithm!r} is not known; known are {known}.", final=True
    )


def copy(source: Readable, target: BinaryIO, algorithm: str = DEFAULT) -> tuple[str, int]:
    """Copy all of ``source``; return its checksum as ``algorithm:hex`` and its size in bytes."""
    digest = _new_digest(algorithm)
    size = 0
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return f"{algorithm}:{digest.hexdigest()}", size


def copy_checked(source: Path, target: Path, expected: str) -> None:
    """Copy ``source`` to the new file ``target``; raise ``JobError`` if it is not as expected.

    An empty ``expected`` is not compared: whoever registered the file did not know.
    """
    algorithm, _, digits = expected.lower().partition(":")
    with source.open("rb") as reading, target.open("xb") as writing:
        found, _ = copy(reading, writing, algorithm or DEFAULT)
    if expected and found != f"{algorithm}:{digits.zfill(8)}":
        raise JobError(
            f"The checksum does not fit: {source.name} is registered with {expected}, "
            f"and its bytes have {found}.",
            final=True,
        )
