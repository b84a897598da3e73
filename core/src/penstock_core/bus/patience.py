"""Waiting for a bus that is away, with pauses that grow."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from penstock_core.bus.port import Bus, Subscription
from penstock_core.errors import BusUnavailable

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
Pauses = Callable[[], Iterator[float]]
_logger = logging.getLogger(__name__)


def growing_pauses() -> Iterator[float]:
    """Yield ever longer pauses in seconds, each with some chance so that clients spread out."""
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s * random.uniform(0.5, 1.0)  # noqa: S311
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


@asynccontextmanager
async def subscribed(
    bus: Bus, queue: str, prefetch: int, pauses: Pauses = growing_pauses
) -> AsyncIterator[Subscription]:
    """Yield a subscription as soon as the bus gives one, and close it at the end.

    Raises ``NotFound`` for an unknown queue.
    """
    subscription = await _subscribe(bus, queue, prefetch, pauses())
    try:
        yield subscription
    finally:
        await subscription.close()


async def _subscribe(bus: Bus, queue: str, prefetch: int, pauses: Iterator[float]) -> Subscription:
    while True:
        try:
            return await bus.subscribe(queue, prefetch)
        except BusUnavailable as error:
            _logger.warning("Queue %s waits for the bus: %s", queue, error)
            await asyncio.sleep(next(pauses))
