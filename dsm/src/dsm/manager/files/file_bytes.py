"""The bytes of a registered file, and of nothing else that is on the disk.

A path is walked folder by folder below its storage's base, following no symbolic link. What any
URL may name (the storage of the root) and what is the house's own (keys, secrets, stores) is
never given out, whoever registered it.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dsm.disk import is_private, open_below
from dsm.manager.files.storages import ROOT, StorageRow
from dsm.manager.naming import path_within
from penstock_core.contracts.dsm import File
from penstock_core.errors import Conflict, Forbidden, NotFound

BLOCK = 1 << 18
OPEN_TO_READERS = "storage"
"""The one folder of the house that is no secret: where the pilot puts what jobs made."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """``length`` bytes of an open file from where it stands; reading them closes it."""

    file: BinaryIO
    length: int

    def blocks(self) -> Iterator[bytes]:
        """Give the bytes, a block at a time."""
        with self.file:
            left = self.length
            while left and (block := self.file.read(min(BLOCK, left))):
                left -= len(block)
                yield block


def open_stretch(
    house_dir: Path, storage: StorageRow, file: File, offset: int, length: int | None
) -> Stretch:
    """Return a stretch of ``file``, all the rest if ``length`` is None. Blocks.

    Raises
    ------
    Forbidden
        the storage is the root's, or the file is the house's own.
    NotFound
        there are no such bytes, or a symbolic link leads to them.
    Conflict
        the bytes are not those that were registered.
    """
    path = path_within(storage.base, file.path)
    _refuse_private(house_dir.resolve(), storage, Path(storage.base).resolve() / path, file)
    try:
        opened = open_below(storage.base, path)
    except OSError as error:
        raise NotFound(
            f"The file {file.name!r} is registered, and cannot be read: {error.strerror}.",
            hint="Its storage may be away, or the file was removed or is a symbolic link.",
            facts={"uid": file.uid},
        ) from error
    try:
        _check_is(opened, file)
        opened.seek(offset)
    except BaseException:
        opened.close()
        raise
    rest = max(0, file.size_bytes - offset)
    return Stretch(opened, rest if length is None else min(rest, length))


def _refuse_private(house_dir: Path, storage: StorageRow, place: Path, file: File) -> None:
    if storage.uid != ROOT.uid and not is_private(house_dir, place, OPEN_TO_READERS):
        return
    raise Forbidden(
        f"The file {file.name!r} lies in no storage that is open to readers.",
        hint="An operator can register its folder as a storage, for the files that come then.",
        facts={"uid": file.uid, "storage": storage.name},
    )


def _check_is(opened: BinaryIO, file: File) -> None:
    found = os.fstat(opened.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_size != file.size_bytes:
        raise Conflict(
            f"What is at the place of {file.name!r} is not what was registered: "
            f"{found.st_size} bytes, not {file.size_bytes}.",
            hint="The file was changed in its storage; put the right one back.",
            facts={"uid": file.uid},
        )
