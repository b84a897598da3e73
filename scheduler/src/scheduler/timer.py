"""A timer that wakes a loop at a moment, and is set anew after each look."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from penstock_core.clock import now

SHORTEST_S = 0.01


class Timer:
    """Calls ``wake`` once at the moment set last; setting None takes it back."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def set(self, moment: datetime | None, wake: Callable[[], None]) -> None:
        """Have ``wake`` called at ``moment``, in place of what was set before."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None
        if moment is not None:
            wait_s = max((moment - now()).total_seconds(), SHORTEST_S)
            self._handle = asyncio.get_running_loop().call_later(wait_s, wake)
