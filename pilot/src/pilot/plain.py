"""Opening what a job left in its folder, where it may have put links and pipes in place of files.

All of it happens after the job's last process is gone: what is looked at stays as it is.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from pilot.model import JobError

_MOST_TEXT_BYTES = 64 << 20


def opened(path: Path) -> BinaryIO:
    """Return a regular file for reading; raises ``JobError``, or ``FileNotFoundError``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _no_file(path) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_file(path)
    return os.fdopen(descriptor, "rb")


def text(path: Path) -> str | None:
    """Return what a regular file holds; None where there is none. Raises ``JobError``."""
    try:
        with opened(path) as stream:
            content = stream.read(_MOST_TEXT_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > _MOST_TEXT_BYTES:
        limit = f"{_MOST_TEXT_BYTES >> 20} MiB"
        raise JobError(f"The job's {path.name} is larger than {limit}.", final=True)
    return content.decode(errors="replace")


def write(path: Path, content: str) -> None:
    """Write a new file, in place of whatever bears its name."""
    path.unlink(missing_ok=True)
    with path.open("x") as stream:
        stream.write(content)


def _no_file(path: Path) -> JobError:
    return JobError(f"The job's {path.name} is no regular file: refused.", final=True)
