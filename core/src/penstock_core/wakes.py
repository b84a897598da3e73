"""Wakes a service's loops when hints arrive.

Where a hint comes from says which loops have something to look for; its body is never read, and
what no hint tells is found at the next look all the same.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from penstock_core.bus.patience import subscribed
from penstock_core.bus.port import Bus
from penstock_core.bus.routing import key_matches
from penstock_core.topology import Binding

_HINTS = 1000
_WAIT_S = 60.0
_KEYS = 256


@dataclass(frozen=True, slots=True)
class Waker:
    """Something to wake, and the hints that it is woken by."""

    wake: Callable[[], None]
    bindings: tuple[Binding, ...]


def follow_wakes(
    bus: Bus, queue: str, wake: Callable[[], None] | Sequence[Waker]
) -> Callable[[], Awaitable[None]]:
    """Return a loop that wakes once for all hints that lie on ``queue`` together.

    Hints are acknowledged before: the database knows what is due, not they.

    Parameters
    ----------
    wake
        What every hint wakes, or wakers that each have hints of their own.
    """
    to_wake = _everything(wake) if callable(wake) else _chosen(wake)

    async def follow() -> None:
        async with subscribed(bus, queue, prefetch=_HINTS) as subscription:
            while True:
                hints = await subscription.batch(_HINTS, _WAIT_S)
                if hints:
                    await subscription.acknowledge(hints)
                    told = {(hint.message.exchange, hint.message.routing_key) for hint in hints}
                    for one in dict.fromkeys(w for topic in told for w in to_wake(*topic)):
                        one()

    return follow


def _everything(wake: Callable[[], None]) -> Callable[[str, str], tuple[Callable[[], None], ...]]:
    return lambda _exchange, _key: (wake,)


def _chosen(wakers: Sequence[Waker]) -> Callable[[str, str], tuple[Callable[[], None], ...]]:
    @lru_cache(_KEYS)
    def to_wake(exchange: str, key: str) -> tuple[Callable[[], None], ...]:
        return tuple(
            waker.wake
            for waker in wakers
            if any(b.exchange == exchange and key_matches(b.pattern, key) for b in waker.bindings)
        )

    return to_wake
