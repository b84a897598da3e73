"""The one place that decides how a job's process is started: sandbox, environment, descriptors."""

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from penstock_core.sandbox import Cell
from penstock_core.sandbox.processes import die_with_parent
from pilot.worker import lane
from pilot.worker.files import LOG_NAME

_KEEP_OPEN = 3


def launch(cell: Cell) -> int:
    """Fork a process that runs the job in the cell's folder; return its id. Never returns there."""
    runner = os.fork()
    if runner == 0:
        _become_job(cell)
    return runner


def _become_job(cell: Cell) -> NoReturn:
    code = 1
    try:
        die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _dress(cell.folder)
        cell.enter()
        lane.run(cell.folder)
        code = 0
    except BaseException:  # noqa: BLE001, RUF100 - the process's last line
        traceback.print_exc()
    finally:
        os._exit(code)


def _dress(folder: Path) -> None:
    """Give the process an environment of its own, and its log as output."""
    os.environ.clear()
    os.environ.update(environment(folder))
    log = os.open(folder / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.closerange(_KEEP_OPEN, os.sysconf("SC_OPEN_MAX"))


def environment(folder: Path) -> dict[str, str]:
    """Return a job's whole environment; the interpreter's folder comes first on the path."""
    paths = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(paths),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
    }
