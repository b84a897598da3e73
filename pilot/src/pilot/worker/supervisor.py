"""One job's supervisor: starts it, watches it, and leaves nothing of it alive.

It ends the job when it has ended by itself, at a limit, when told to (SIGTERM), and when the worker
that started it is gone (its end of the lifeline closes).
"""

import os
import select
import signal
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from penstock_core.sandbox import Cell
from penstock_core.sandbox.processes import become_subreaper, kill_descendants
from pilot.worker.ending import Ending
from pilot.worker.files import LOG_NAME
from pilot.worker.launch import launch
from pilot.worker.usage import Most, Usage

_LOOK_EVERY_S = 0.25
_CRASHES = (
    *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE),
    *(signal.SIGSYS, signal.SIGTRAP),
)


_EXCESSES = {
    "memory_bytes": Ending.TOO_MUCH_MEMORY,
    "disk_bytes": Ending.TOO_MUCH_DISK,
    "files": Ending.TOO_MANY_FILES,
    "log_bytes": Ending.TOO_MUCH_LOG,
    "processes": Ending.TOO_MANY_PROCESSES,
    "": Ending.EXITED,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to run: the job's key, its cell (whose folder holds ``job.json``), its limits."""

    job: str
    cell: Cell
    wall_s: float
    most: Most

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> "Request":
        return cls(
            job=frame["job"],
            cell=Cell.from_json(frame["cell"]),
            wall_s=frame["wall_s"],
            most=Most(**frame["most"]),
        )


class _Cancelled(BaseException):
    """SIGTERM came."""


def supervise(request: Request, lifeline: int) -> NoReturn:
    """Run one job to its end in a session of its own, and exit with its :class:`Ending`."""
    ending = Ending.KILLED
    try:
        os.setsid()
        become_subreaper()
        ending = _run(request, lifeline)
    finally:
        kill_descendants()
        if ending is Ending.EXITED:
            ending = _EXCESSES[Usage(request.cell.folder, request.most).of_files()]
        if ending is Ending.TOO_MUCH_LOG:
            _cut_log(request)
        os._exit(ending)


def _cut_log(request: Request) -> None:
    """Keep of a flood what the limit allows; a link in the log's place is not followed."""
    with suppress(OSError):
        log = os.open(request.cell.folder / LOG_NAME, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        os.ftruncate(log, request.most.log_bytes)
        os.close(log)


def _run(request: Request, lifeline: int) -> Ending:
    """Start the job and wait; SIGTERM, whenever it comes, ends the wait."""
    try:
        signal.signal(signal.SIGTERM, _cancel)
        try:
            request.cell.part()
        except OSError:
            (request.cell.folder / LOG_NAME).write_text(traceback.format_exc())
            return Ending.NOT_HELD
        ending = _wait(launch(request.cell), lifeline, request)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except _Cancelled:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return Ending.CANCELLED
    return ending


def _cancel(_number: int, _frame: object) -> NoReturn:
    raise _Cancelled


def _wait(runner: int, lifeline: int, request: Request) -> Ending:
    """Return how the runner ended; one that still runs is for the caller to kill."""
    usage = Usage(request.cell.folder, request.most)
    deadline = time.monotonic() + request.wall_s
    poll = select.poll()
    ended = os.pidfd_open(runner)
    poll.register(ended, select.POLLIN)
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    while (left := deadline - time.monotonic()) > 0:
        ready = {fd for fd, _ in poll.poll(1000 * min(left, _LOOK_EVERY_S))}
        if ended in ready:
            return _judged(runner, request)
        if ready:
            return Ending.CANCELLED
        if excess := usage.of_processes(os.getpid()) or usage.of_files_now_and_then():
            return _EXCESSES[excess]
    return Ending.OVERTIME


def _judged(runner: int, request: Request) -> Ending:
    _, status, used = os.wait4(runner, 0)
    if not os.WIFSIGNALED(status):
        return Ending.EXITED
    # The first process of a namespace is not told that its time is up: it is killed at once.
    if used.ru_utime + used.ru_stime >= request.cell.limits.cpu_s > 0:
        return Ending.TOO_MUCH_CPU
    return Ending.CRASHED if os.WTERMSIG(status) in _CRASHES else Ending.KILLED
