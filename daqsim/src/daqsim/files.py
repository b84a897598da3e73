"""Files that are there whole or not at all, and stay through a power cut."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from penstock_core.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class DaqFile:
    """A file of the DAQ: where it is or will be, its bytes, and the checksum taken of them."""

    path: Path
    data: bytes
    checksum: str

    @classmethod
    def of(cls, path: Path, data: bytes) -> "DaqFile":
        """Return the file with ``data`` at ``path``, not yet written."""
        return cls(path.absolute(), data, adler32(data))

    def write(self) -> None:
        """Put it on disk for good; a file that already is the same is left alone."""
        if not (self.path.is_file() and self.path.read_bytes() == self.data):
            write_safely(self.path, self.data)


def adler32(data: bytes) -> str:
    """Return a checksum as Rucio writes it: ``ad:`` and eight digits."""
    return f"ad:{zlib.adler32(data):08x}"


def write_safely(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``: in a file beside it, flushed to disk, then renamed.

    Raises
    ------
    StoreUnavailable
        the disk does not take it; what was there before is as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_flushed(beside, data)
        beside.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be written: {error}",
            hint="Make room, or give the right to write; a new start goes on from there.",
        ) from error


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
