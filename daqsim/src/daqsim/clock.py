"""The simulation's clock: simulated seconds as they pass on the wall, or faster."""

import asyncio
import math
import time


class Clock:
    """Runs from ``tick`` on, at ``speed`` (> 0) simulated seconds a second of the wall.

    Speed 1 is real time; infinite speed never waits. A clock held up (a slow publisher) catches
    up: the detector does not wait for us.
    """

    def __init__(self, speed: float, tick: float = 0.0) -> None:
        self._speed = speed
        self._origin_s = time.monotonic() - tick / speed

    async def reach(self, tick: float) -> None:
        """Return at ``tick`` simulated seconds, or at once if they have passed."""
        wait_s = self._origin_s + tick / self._speed - time.monotonic()
        if wait_s > 0 and not math.isinf(self._speed):
            await asyncio.sleep(wait_s)
