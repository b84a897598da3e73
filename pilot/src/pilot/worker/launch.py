"""The one place that decides how a job's process is started: limits, environment, descriptors.

The sandbox ladder (bubblewrap, namespaces, Landlock) goes here and nowhere else.
"""

import os
import resource
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pilot.worker.files import LOG_NAME
from pilot.worker.processes import die_with_parent

SANDBOX = "process tree, rlimits"
"""What holds a job in, in a word or two, for its history."""

_KEEP_OPEN = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What the kernel allows one job's process: CPU seconds, bytes a file, open files."""

    cpu_s: int
    file_bytes: int
    open_files: int


def launch(folder: Path, limits: Limits) -> int:
    """Fork a process that runs the job in ``folder``; return its id. It never returns here."""
    runner = os.fork()
    if runner == 0:
        _become_job(folder, limits)
    return runner


def _become_job(folder: Path, limits: Limits) -> NoReturn:
    code = 1
    try:
        die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _limit(limits)
        _dress(folder)
        from pilot.worker.payload import run

        run(folder)
        code = 0
    except BaseException:  # noqa: BLE001, RUF100 - the process's last line
        traceback.print_exc()
    finally:
        os._exit(code)


def _limit(limits: Limits) -> None:
    """Lower the kernel's limits; none is raised above what this process has."""
    wanted = {
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (lowest, lowest))


def _dress(folder: Path) -> None:
    """Give the process its folder, an environment of its own, and its log as output."""
    os.environ.clear()
    os.environ.update(environment(folder))
    os.chdir(folder)
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
