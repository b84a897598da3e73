"""A job's log: what its tool printed, without the paths of the folder that it ran in."""

import os
import re
from pathlib import Path
from typing import BinaryIO

from penstock_core.checksum import DEFAULT
from pilot import plain
from pilot.checksum import copy
from pilot.model import JobError
from pilot.storage import Copier

TAIL_BYTES = 2048


def _paths(folder: Path) -> "re.Pattern[bytes]":
    """Return what fits the start of each path of a job's folder."""
    inner = rb"(/(work|tmp|stage)\d+(/\d+)?|/in)?"
    return re.compile(re.escape(os.fsencode(folder)) + inner + rb"/?")


def without_paths(text: str, folder: Path) -> str:
    """Return ``text`` with a job's folder taken out of its paths."""
    return _paths(folder).sub(b"", text.encode(errors="backslashreplace")).decode()


class _WithoutPaths:
    """A stream of another's lines, with a job's folder taken out of them."""

    def __init__(self, stream: BinaryIO, folder: Path) -> None:
        self._pattern = _paths(folder)
        self._stream = stream

    def read(self, size: int) -> bytes:
        return b"".join(self._pattern.sub(b"", line) for line in self._stream.readlines(size))


def copier(folder: Path) -> Copier:
    """Return a copying function that takes paths of the job's ``folder`` out.

    The folder's name is an accident of this installation; a log is to be the same anywhere.
    """

    def copy_cleaned(source: BinaryIO, target: BinaryIO) -> tuple[str, int]:
        return copy(_WithoutPaths(source, folder), target, DEFAULT)

    return copy_cleaned


def tail(path: Path) -> str:
    """Return the last part of a log as text; "" for none. Blocking."""
    try:
        with plain.opened(path) as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL_BYTES))
            return stream.read().decode(errors="replace").replace("\0", "�")
    except (FileNotFoundError, JobError):
        return ""
