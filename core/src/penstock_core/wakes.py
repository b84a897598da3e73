"""Wakes a service's loops when hints arrive; what a hint says is never read."""

from collections.abc import Awaitable, Callable

from penstock_core.bus.patience import subscribed
from penstock_core.bus.port import Bus

_HINTS = 1000
_WAIT_S = 60.0


def follow_wakes(bus: Bus, queue: str, wake: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """Return a loop that calls ``wake()`` once for all hints that lie on ``queue`` together.

    Hints are acknowledged before ``wake()``: the database knows what is due, not they.
    """

    async def follow() -> None:
        async with subscribed(bus, queue, prefetch=_HINTS) as subscription:
            while True:
                hints = await subscription.batch(_HINTS, _WAIT_S)
                if hints:
                    await subscription.acknowledge(hints)
                    wake()

    return follow
