"""What a job takes as a whole: the kernel limits each process, and nobody but us all of them."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from penstock_core.sandbox.processes import descendants
from pilot.worker.files import LOG_NAME

_FIELDS = ("RssAnon:", "RssShmem:")
_BLOCK_BYTES = 512
_SHARE_OF_TIME = 20
"""Looking at the disk takes at most one part in so many of the time."""


@dataclass(frozen=True, slots=True)
class Most:
    """Limits of a job with all its processes and files.

    Attributes
    ----------
    memory_bytes
        Memory of all its processes together.
    disk_bytes, files
        What lies in its folder.
    log_bytes
        What it prints.
    processes
        Processes at a time.
    """

    memory_bytes: int
    disk_bytes: int
    files: int
    log_bytes: int
    processes: int


class Usage:
    """Looks at one job's processes and files.

    Parameters
    ----------
    folder
        The job's own.
    most
        What it may take.
    """

    def __init__(self, folder: Path, most: Most) -> None:
        self._folder = folder
        self._most = most
        self._look_again = 0.0

    def of_processes(self, supervisor: int) -> str:
        """Return which limit the processes below ``supervisor`` exceed; "" for none."""
        pids = descendants(supervisor)
        if len(pids) > self._most.processes:
            return "processes"
        taken = sum(map(_memory, pids))
        return "memory_bytes" if taken > self._most.memory_bytes else ""

    def of_files(self) -> str:
        """Return which limit what it wrote exceeds; "" for none."""
        with suppress(OSError):
            if (self._folder / LOG_NAME).lstat().st_size > self._most.log_bytes:
                return "log_bytes"
        taken = 0
        for files, size in enumerate(_sizes(self._folder), 1):
            taken += size
            if files > self._most.files:
                return "files"
            if taken > self._most.disk_bytes:
                return "disk_bytes"
        return ""

    def of_files_now_and_then(self) -> str:
        """Do the same, unless it was done a short while ago."""
        began = time.monotonic()
        if began < self._look_again:
            return ""
        found = self.of_files()
        ended = time.monotonic()
        self._look_again = ended + _SHARE_OF_TIME * (ended - began)
        return found


def _memory(pid: int) -> int:
    """Return the bytes that a process alone holds in memory; 0 for one that has gone."""
    with suppress(OSError, ValueError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_FIELDS))
    return 0


def _sizes(folder: Path) -> Iterator[int]:
    """Yield the bytes on disk of all below a folder; links are not followed."""
    todo = [os.fspath(folder)]
    while todo:
        with suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    yield entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
