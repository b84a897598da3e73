"""Looking at one file: found and read at its pace, gone, or not to be read now."""

import asyncio
import errno
import os
import stat
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from dsm.disk import is_private, open_below
from dsm.inspector.judging import Found, judge
from dsm.inspector.pace import Pace
from penstock_core.checksum import new_digest
from penstock_core.contracts.dsm import Storage
from penstock_core.contracts.inspection import DueFile, FileVerdict, Verdict
from penstock_core.errors import InvalidInput
from penstock_core.stf import HEADER, is_stf, read_envelope

BLOCK = 4 << 20
OPEN_FOLDERS = ("storage", "daq")
"""Where the house itself keeps files that are registered; all else in its folder is its own."""


async def look(house_dir: Path, storage: Storage, file: DueFile, pace: Pace) -> FileVerdict:
    """Return what is found at the place of ``file``."""
    try:
        reading = await _begun(house_dir, storage, file)
    except OSError as error:
        return _not_found(file, error)
    try:
        return judge(file, await _read(reading, pace.after))
    except OSError as error:
        return _verdict(file, Verdict.UNREADABLE, f"It cannot be read: {error.strerror}.")
    finally:
        reading.opened.close()


async def _begun(house_dir: Path, storage: Storage, file: DueFile) -> "_Reading":
    """Open a file and read its first block, in a thread; opened for nobody any more it is closed.

    Most files end with their first block: one hop to a thread does for them.
    """

    def begin() -> _Reading:
        opened = _open(house_dir, storage, file.path)
        try:
            return _Reading(opened, file)
        except BaseException:
            opened.close()
            raise

    beginning = asyncio.create_task(asyncio.to_thread(begin))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        beginning.add_done_callback(_close)
        raise


def _close(beginning: "asyncio.Task[_Reading]") -> None:
    if not beginning.cancelled() and beginning.exception() is None:
        beginning.result().opened.close()


def _open(house_dir: Path, storage: Storage, path: str) -> BinaryIO:
    base, path = real_place(storage.base, path)
    if is_private(house_dir.resolve(), Path(base).resolve() / path, *OPEN_FOLDERS):
        raise OSError(errno.EXDEV, "it lies among the house's own files")
    opened = open_below(base, path)
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise OSError(errno.EISDIR, "what lies there is no regular file")
    return opened


def real_place(base: str, path: str) -> tuple[str, str]:
    """Return base and path to walk; below the root links may lead to a file's folder.

    A storage of the root holds whatever a URL names, on a machine that may have ``/data`` as a
    link; no such link leads out of a storage that is all there is.
    """
    if base != "/":
        return base, path
    place = PurePosixPath(path)
    folder = os.path.realpath(os.path.join("/", *place.parts[:-1]))
    return base, str(PurePosixPath(folder.lstrip("/")) / place.name)


def away(base: str) -> str:
    """Return why nothing can be said of the files below ``base``, "" if something can.

    An empty folder that should hold files is taken for a disk that is not mounted.
    """
    try:
        with os.scandir(base) as entries:
            return "" if any(entries) else f"{base} is empty, as if it were not mounted"
    except OSError as error:
        return f"{base} cannot be read: {error.strerror}"


def _not_found(file: DueFile, error: OSError) -> FileVerdict:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return _verdict(file, Verdict.GONE, "It is not at its place.")
        case errno.ELOOP:
            return _verdict(file, Verdict.DIFFERS, "A symbolic link leads to its place.")
        case errno.EISDIR | errno.EXDEV | errno.ENXIO:
            return _verdict(file, Verdict.DIFFERS, f"It is refused: {_words(error)}.")
        case _:
            return _verdict(file, Verdict.UNREADABLE, f"It cannot be read: {_words(error)}.")


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _verdict(file: DueFile, verdict: Verdict, reason: str) -> FileVerdict:
    return FileVerdict(uid=file.uid, verdict=verdict, reason=reason, due=file.due)


async def _read(reading: "_Reading", pause: Callable[[int], Awaitable[None]]) -> Found:
    """Read a file to its end; ``pause`` is told after each block how many bytes it had."""
    while reading.goes_on:
        await pause(BLOCK)
        await asyncio.to_thread(reading.read)
    await pause(reading.last)
    return reading.found()


class _Reading:
    """A file that is read, its first block at once, if its size fits; all methods block.

    Its bytes are summed on the way: its checksum, and the CRC-32 of an STF's payload.
    """

    def __init__(self, opened: BinaryIO, file: DueFile) -> None:
        self.opened = opened
        self.last = 0
        self._file = file
        self._algorithm = file.checksum.partition(":")[0]
        self._digest = new_digest(self._algorithm)
        self._head = b""
        self._crc = 0
        self._size = 0
        self._size_at_first = os.fstat(opened.fileno()).st_size
        if self._fits:
            self.read()

    @property
    def goes_on(self) -> bool:
        """Return whether there may be more: a file ends with the block that is not full."""
        return self.last == BLOCK

    @property
    def _fits(self) -> bool:
        return self._size_at_first == self._file.size_bytes

    def read(self) -> None:
        """Take in the next block."""
        block = self.opened.read(BLOCK)
        self.last = len(block)
        if block:
            self._take(block)

    def _take(self, block: bytes) -> None:
        self._digest.update(block)
        if self._size == 0:
            self._head = block[: HEADER.size]
        if is_stf(self._head):
            payload = memoryview(block)[max(0, HEADER.size - self._size) :]
            self._crc = zlib.crc32(payload, self._crc)
        self._size += len(block)

    def found(self) -> Found:
        """Return what all bytes together say of the file."""
        if not self._fits:
            return Found(self._size_at_first)
        name = self._file.name
        checksum = f"{self._algorithm}:{self._digest.hexdigest()}"
        if not is_stf(self._head):
            return Found(self._size, checksum)
        try:
            envelope = read_envelope(self._head, name)
            envelope.check_payload(self._size - HEADER.size, self._crc, name)
        except InvalidInput as error:
            return Found(self._size, checksum, damage=error.message)
        return Found(self._size, checksum, envelope.header)
