"""The data folder of an installation: made ready, held by one process, with a file for its log."""

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from penstock_core.errors import Conflict, InvalidInput
from penstock_core.logs import JsonLines

LOG_BYTES = 10_000_000


def make_ready(data_dir: Path) -> None:
    """Make the folder if it is not there; raises ``InvalidInput`` where nothing can be written."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise InvalidInput(
            f"{data_dir} cannot be the data folder: {_why(error)}.",
            hint="Name a folder that you may write to with --data-dir.",
            facts={"data_dir": str(data_dir)},
        ) from error


def _why(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{error.filename} is no folder"
    return os.strerror(error.errno or 0)


@contextmanager
def sole_user(data_dir: Path) -> Iterator[None]:
    """Hold the data folder's lock: two embedded systems in one folder would harm each other."""
    make_ready(data_dir)
    with (data_dir / "penstock.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(
                f"{data_dir} is in use by another Penstock.",
                hint="Stop that one, or give this one a folder of its own with --data-dir.",
            ) from error
        yield


def log_file(data_dir: Path) -> Path:
    """Return where the services' log is, unless it goes to standard error."""
    return data_dir / "log"


def log_to_file(data_dir: Path) -> None:
    """Send all records to the folder's log, in place of standard error."""
    make_ready(data_dir)
    logging.getLogger().handlers[:] = [open_log(data_dir)]


def open_log(data_dir: Path) -> logging.Handler:
    """Return what writes records to the folder's log as lines of JSON.

    The log may hold a token that the admin is to pass on: its owner alone can read it.
    """
    path = log_file(data_dir)
    path.touch(mode=0o600)
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1)
    handler.setFormatter(JsonLines("penstock"))
    return handler
