"""Files that are there whole or not at all, and stay through a power cut."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from daqsim.stf import Stf, encode


@dataclass(frozen=True, slots=True)
class StfFile:
    """An STF as a file: its bytes, and where they are or will be."""

    path: Path
    data: bytes

    @classmethod
    def of(cls, stf: Stf, folder: Path) -> "StfFile":
        """Return the file of ``stf`` in ``folder``, not yet written."""
        return cls(folder.absolute() / stf.name, encode(stf))

    @property
    def checksum(self) -> str:
        """Return its checksum as Rucio writes it: ``ad:`` and eight digits."""
        return f"ad:{zlib.adler32(self.data):08x}"

    def write(self) -> None:
        """Put it on disk for good; a file that already is the same is left alone."""
        if not (self.path.is_file() and self.path.read_bytes() == self.data):
            write_safely(self.path, self.data)


def write_safely(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``: in a file beside it, flushed to disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
