"""Walking over all files below a folder, following no link and reading one folder at a time."""

import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

from dsm.disk import folder_below
from penstock_core.contracts.inspection import SeenFile


def walk(base: str, skip: Callable[[str], bool]) -> Iterator[SeenFile]:
    """Give every regular file below ``base``; folders for which ``skip`` says yes are left out.

    A folder that vanishes or cannot be read is passed over. Raises ``OSError`` for the base.
    """
    with folder_below(base, ""):
        pass
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with folder_below(base, folder) as here, os.scandir(here) as entries:
                for entry in entries:
                    path = str(PurePosixPath(folder) / entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        folders += [] if skip(path) else [path]
                    elif seen := _seen(path, entry):
                        yield seen
        except OSError:
            continue


def _seen(path: str, entry: "os.DirEntry[str]") -> SeenFile | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    # A name that is no text is told so that it can be seen; it is found under no such path.
    told = os.fsencode(path).decode(errors="backslashreplace")
    return SeenFile(path=told, size_bytes=found.st_size, modified_at=changed_at(found))


def changed_at(found: os.stat_result) -> datetime:
    """Return when a file was last changed in any way: a copy may keep the time of its bytes."""
    return datetime.fromtimestamp(max(found.st_mtime, found.st_ctime), UTC)
