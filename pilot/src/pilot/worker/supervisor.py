"""One job's supervisor: starts it, waits, and leaves nothing of it alive.

It ends the job when it has ended by itself, at the wall limit, when told to (SIGTERM), and when
the worker that started it is gone (its end of the lifeline closes).
"""

import os
import select
import signal
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

from pilot.worker.launch import Limits, launch
from pilot.worker.processes import become_subreaper, kill_descendants

_LONGEST_WAIT_MS = 2**31 - 1  # the kernel's: 24 days


class Ending(IntEnum):
    """How a job ended: the exit status of its supervisor."""

    EXITED = 0
    OVERTIME = 10
    CANCELLED = 11
    KILLED = 12


@dataclass(frozen=True, slots=True)
class Request:
    """What to run: the job's key, its folder (with ``job.json``), its limits."""

    job: str
    folder: Path
    wall_s: float
    limits: Limits

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> "Request":
        return cls(
            job=frame["job"],
            folder=Path(frame["folder"]),
            wall_s=frame["wall_s"],
            limits=Limits(**frame["limits"]),
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
        os._exit(ending)


def _run(request: Request, lifeline: int) -> Ending:
    """Start the job and wait; SIGTERM, whenever it comes, ends the wait."""
    try:
        signal.signal(signal.SIGTERM, _cancel)
        ending = _wait(launch(request.folder, request.limits), lifeline, request.wall_s)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except _Cancelled:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return Ending.CANCELLED
    return ending


def _cancel(_number: int, _frame: object) -> NoReturn:
    raise _Cancelled


def _wait(runner: int, lifeline: int, wall_s: float) -> Ending:
    """Return how the runner ended; one that still runs is for the caller to kill."""
    poll = select.poll()
    ended = os.pidfd_open(runner)
    poll.register(ended, select.POLLIN)
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    ready = {fd for fd, _ in poll.poll(min(wall_s * 1000, _LONGEST_WAIT_MS))}
    if not ready:
        return Ending.OVERTIME
    if ended not in ready:
        return Ending.CANCELLED
    _, status = os.waitpid(runner, 0)
    return Ending.KILLED if os.WIFSIGNALED(status) else Ending.EXITED
