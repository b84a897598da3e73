"""Copying a file and knowing its checksum and size from the same read."""

import hashlib
import zlib
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


class _Adler32:
    """zlib's Adler-32 with the interface of hashlib; eight hexadecimal digits, as Rucio has it."""

    def __init__(self) -> None:
        self._value = 1

    def update(self, data: bytes, /) -> None:
        self._value = zlib.adler32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


def _new_digest(algorithm: str) -> _Digest:
    if algorithm == "adler32":
        return _Adler32()
    if algorithm in ("md5", "sha256"):
        return hashlib.new(algorithm, usedforsecurity=False)
    raise JobError(
        f"The checksum algorithm {algorithm!r} is not known; known are adler32, md5 and sha256.",
        final=True,
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
