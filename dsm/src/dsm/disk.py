"""Files of a storage on disk: walked to folder by folder below its base, following no link."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO


@contextmanager
def folder_below(base: str, path: str) -> Iterator[int]:
    """Give a descriptor of the folder at ``path`` below ``base``; "" is the base itself.

    Raises
    ------
    OSError
        it is not there, cannot be entered, or (``ELOOP``) a symbolic link leads to it.
    """
    here = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in PurePosixPath(path).parts:
            below = _enter(here, folder)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _enter(here: int, folder: str) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    except NotADirectoryError as error:
        # A link to a folder is no folder to the kernel when it must not be followed.
        if stat.S_ISLNK(os.stat(folder, dir_fd=here, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "a symbolic link leads there") from error
        raise


def open_below(base: str, path: str) -> BinaryIO:
    """Return what lies at ``path`` below ``base``, open for reading; raises ``OSError``."""
    folder, name = _split(path)
    with folder_below(base, folder) as here:
        # Without O_NONBLOCK, opening a named pipe would wait for its writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        opened = os.open(name, flags, dir_fd=here)
        try:
            return os.fdopen(opened, "rb")
        except OSError:  # a folder
            os.close(opened)
            raise


def state_below(base: str, path: str) -> os.stat_result:
    """Return the state of what lies at ``path`` below ``base``; raises ``OSError``."""
    folder, name = _split(path)
    with folder_below(base, folder) as here:
        return os.stat(name, dir_fd=here, follow_symlinks=False)


def remove_below(base: str, path: str) -> None:
    """Remove the regular file at ``path`` below ``base``; one that is not there is removed.

    Raises
    ------
    OSError
        it cannot be removed, is no regular file, or a symbolic link leads to it.
    """
    folder, name = _split(path)
    try:
        with folder_below(base, folder) as here:
            if not stat.S_ISREG(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
                raise OSError(errno.EINVAL, "what lies there is no regular file")
            os.unlink(name, dir_fd=here)
    except FileNotFoundError:
        # The folder may be gone with it; a base that is gone is a storage that is away.
        os.stat(base)


def _split(path: str) -> tuple[str, str]:
    place = PurePosixPath(path)
    return str(place.parent), place.name


def is_private(house_dir: Path, place: Path, *open_folders: str) -> bool:
    """Return whether ``place`` is the house's own: keys, secrets, stores.

    ``open_folders`` are those in it that are not.
    """
    is_open = any(place.is_relative_to(house_dir / folder) for folder in open_folders)
    return place.is_relative_to(house_dir) and not is_open
