"""Looking at dead letters, and moving them: held while they are looked at, then put back.

Nothing else consumes a dead-letter queue, and deliveries there are not limited, so to hold one for
a moment changes nothing but its count. Two who look at the same time see different ones.
"""

from collections.abc import Awaitable, Callable, Sequence

from penstock_core.bus.patience import subscribed
from penstock_core.bus.port import Bus, Delivery

LOOKED_AT = 5000
"""The most messages that are held at once."""
_BATCH = 500
_QUIET_S = 0.3

Move = Callable[[Sequence[Delivery]], Awaitable[Sequence[Delivery]]]


async def look(bus: Bus, queue: str, limit: int) -> tuple[list[Delivery], bool]:
    """Return the oldest messages of a dead-letter queue, and whether there are more."""
    found: list[Delivery] = []

    async def keep(deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        found.extend(deliveries)
        return ()

    more = await move(bus, queue, keep, limit)
    return found, more


async def move(bus: Bus, queue: str, do: Move, limit: int = LOOKED_AT) -> bool:
    """Give ``do`` the messages of a queue, batch by batch; those that it returns leave the queue.

    What comes meanwhile is left, for it may be what was just sent away. Returns whether more than
    ``limit`` lay there. Killed before the end, what was done is done again: it is to change nothing
    the second time.
    """
    there = await bus.depth(queue)
    left = min(there, limit)
    if not left:
        return False
    async with subscribed(bus, queue, prefetch=left) as subscription:
        while left and (batch := await subscription.batch(min(_BATCH, left), _QUIET_S)):
            left -= len(batch)
            await subscription.acknowledge(await do(batch))
    return there > limit
