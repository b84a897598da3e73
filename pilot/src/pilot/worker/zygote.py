"""The worker's loop: warm once, fork a supervisor a job, tell the pilot how each ended.

Single-threaded, so that forking is safe. When the pilot's end of the socket closes, all jobs are
killed with all their descendants and the worker ends.
"""

import gc
import os
import selectors
import signal
import socket
from contextlib import suppress

from penstock_core.sandbox import seccomp
from penstock_core.sandbox.processes import (
    become_subreaper,
    descendants,
    kill_descendants,
    kill_tree,
)
from pilot.worker.ending import Ending
from pilot.worker.payload import warm
from pilot.worker.supervisor import Request, supervise
from pilot.worker.wire import Frame, Unpacker, pack

_READ_BYTES = 1 << 16


class Zygote:
    """Keeps the supervisors of this worker's jobs.

    Parameters
    ----------
    pilot
        The socket to the pilot.
    """

    def __init__(self, pilot: socket.socket) -> None:
        self._pilot = pilot
        self._frames = Unpacker()
        self._selector = selectors.DefaultSelector()
        self._selector.register(pilot, selectors.EVENT_READ)
        self._supervisors: dict[str, int] = {}
        # Supervisors hold the reading end: it closes when this process is gone.
        self._lifeline, self._life = os.pipe()

    def serve(self) -> None:
        """Serve until the pilot is gone."""
        become_subreaper()
        warm()
        seccomp.warm()
        gc.collect()
        gc.freeze()
        self._tell({"ready": os.getpid()})
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._pilot:
                    self._bury(key.data, key.fd)
                elif not self._listen():
                    kill_descendants()
                    return

    def _listen(self) -> bool:
        """Do what the pilot says; return whether it is still there."""
        try:
            data = self._pilot.recv(_READ_BYTES)
        except ConnectionError:
            return False
        for frame in self._frames.feed(data):
            if "run" in frame:
                self._start(Request.from_frame(frame["run"]))
            else:
                self._cancel(frame["cancel"])
        return bool(data)

    def _start(self, request: Request) -> None:
        try:
            supervisor = os.fork()
        except OSError:  # no memory or no process to be had: this job's loss, nobody else's
            self._tell({"ended": request.job, "ending": Ending.KILLED.name})
            return
        if supervisor == 0:
            self._close_all_but_the_lifeline()
            supervise(request, self._lifeline)
        self._supervisors[request.job] = supervisor
        self._selector.register(os.pidfd_open(supervisor), selectors.EVENT_READ, data=request.job)
        self._tell({"started": request.job, "pid": supervisor})

    def _close_all_but_the_lifeline(self) -> None:
        os.closerange(3, self._lifeline)
        os.closerange(self._lifeline + 1, os.sysconf("SC_OPEN_MAX"))

    def _cancel(self, job: str) -> None:
        if job in self._supervisors:
            os.kill(self._supervisors[job], signal.SIGTERM)

    def _bury(self, job: str, pidfd: int) -> None:
        """Reap a supervisor; of one that was killed, the orphans came to us: kill them."""
        self._selector.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(self._supervisors.pop(job), 0)
        ending = Ending.KILLED
        if os.WIFEXITED(status):
            with suppress(ValueError):
                ending = Ending(os.WEXITSTATUS(status))
        else:
            self._kill_orphans()
        self._tell({"ended": job, "ending": ending.name})

    def _kill_orphans(self) -> None:
        here = os.getpid()
        known = set(self._supervisors.values())
        kept = {pid for supervisor in known for pid in descendants(supervisor)} | known
        for pid in descendants(here):
            if pid not in kept:
                kill_tree(pid)

    def _tell(self, frame: Frame) -> None:
        with suppress(ConnectionError):  # the pilot is gone: the next read says so
            self._pilot.sendall(pack(frame))
