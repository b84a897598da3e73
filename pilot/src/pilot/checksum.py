"""Copying a file and knowing its checksum and size from the same read."""

from pathlib import Path
from typing import BinaryIO, Protocol

from penstock_core.checksum import DEFAULT, new_digest
from pilot.model import JobError

_CHUNK_BYTES = 1 << 20


class WrongBytes(JobError):
    """A file's bytes have another checksum than the one that was registered."""

    def __init__(self, name: str, expected: str, found: str, size_bytes: int) -> None:
        super().__init__(
            f"The checksum does not fit: {name} is registered with {expected}, "
            f"and its bytes have {found}.",
            final=True,
        )
        self.found = found
        self.size_bytes = size_bytes


class Readable(Protocol):
    """What bytes are read from; no bytes mean the end."""

    def read(self, size: int, /) -> bytes:
        """Return about ``size`` bytes."""
        ...


def copy(source: Readable, target: BinaryIO, algorithm: str = DEFAULT) -> tuple[str, int]:
    """Copy all of ``source``; return its checksum as ``algorithm:hex`` and its size in bytes."""
    digest = new_digest(algorithm)
    size = 0
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return f"{algorithm}:{digest.hexdigest()}", size


def copy_checked(source: Path, target: Path, expected: str) -> None:
    """Copy ``source`` to the new file ``target``; raise ``WrongBytes`` if it is not as expected.

    An empty ``expected`` is not compared: whoever registered the file did not know.
    """
    algorithm, _, digits = expected.lower().partition(":")
    with source.open("rb") as reading, target.open("xb") as writing:
        found, size = copy(reading, writing, algorithm or DEFAULT)
    if expected and found != f"{algorithm}:{digits.zfill(8)}":
        raise WrongBytes(source.name, expected, found, size)
