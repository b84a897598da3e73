"""The one loop of a service: *due → claim → do*, at the start, when woken, and every few seconds.

The database decides, messages wake: work is found by asking for what is due, so a lost, repeated
or reordered message changes when something happens and never what.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from penstock_core.activity import trouble, worked
from penstock_core.errors import RetriableError, Stale
from penstock_core.metrics import FAILURES, LOOK_S, LOOKS, SUCCEEDED_AT

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[bool]]
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
STALE_PAUSE_S = 0.01
HURRIED_REST_S = 0.02
"""For what somebody waits for at each step of a chain."""
REST_S = 0.1
UNHURRIED_REST_S = 0.3
LONGEST_REST_S = 0.3
"""The longest that a loop rests for the length of its looks alone."""
LEISURELY_REST_S = 1.0
"""For what nobody waits for, such as tidying up."""
_SHARE = 3
"""After a look a loop rests so many times as long as the look took: all loops share one core."""


class Reconciler:
    """Runs ``work`` until it says that nothing more is due, then waits for a wake or the timer.

    Parameters
    ----------
    name
        For the log and for readiness.
    work
        Does one bounded batch of what is due; returns whether more may be due at once.
    every_s
        The longest wait between two looks, in seconds.
    rest_s
        The shortest time from one look to the next, in seconds: what happens meanwhile is looked at
        together. A wake after a longer silence is followed at once.
    """

    def __init__(self, name: str, work: Work, every_s: float, rest_s: float = REST_S) -> None:
        self.name = name
        self.last_error: Exception | None = None
        self._looks = LOOKS.labels(name)
        self._look_s = LOOK_S.labels(name)
        self._failures = FAILURES.labels(name)
        self._succeeded_at = SUCCEEDED_AT.labels(name)
        self._work = work
        self._every_s = every_s
        self._rest_s = rest_s
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look again soon; waking it twice before it looks is waking it once."""
        self._woken.set()

    async def run(self) -> None:
        """Reconcile until cancelled.

        What is retriable is waited out. So is a defect, once it is logged: it must not take the
        neighbours down, and the next look may find other work.
        """
        pause_s = FIRST_PAUSE_S
        while True:
            self._woken.clear()
            began = time.monotonic()
            try:
                while await self._work():
                    pause_s = FIRST_PAUSE_S
                    worked(self.name)
                self.last_error = None
                ended = time.monotonic()
                self._note(ended - began)
                await self._wait(self._every_s)
                rest_s = max(self._rest_s, min(_SHARE * (ended - began), LONGEST_REST_S))
                await asyncio.sleep(ended + rest_s - time.monotonic())
                pause_s = FIRST_PAUSE_S
            except Stale as stale:
                log.debug("%s looks again: %s", self.name, stale)
                await asyncio.sleep(STALE_PAUSE_S)
            except Exception as error:
                self._tell(error, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _note(self, took_s: float) -> None:
        trouble(self.name, "")
        self._looks.inc()
        self._look_s.observe(took_s)
        self._succeeded_at.set_to_current_time()

    def _tell(self, error: Exception, pause_s: float) -> None:
        self.last_error = error
        trouble(self.name, f"{type(error).__name__}: {error}")
        self._failures.inc()
        if isinstance(error, RetriableError):
            log.warning("%s waits %.1f s: %s", self.name, pause_s, error)
        else:
            log.error("%s failed, and looks again in %.1f s", self.name, pause_s, exc_info=error)

    async def _wait(self, seconds: float) -> None:
        # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with a wake.
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
