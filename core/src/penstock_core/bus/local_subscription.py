"""One consumer of one queue of the local bus."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from penstock_core.bus.port import Delivery
from penstock_core.bus.shelves import Shelf
from penstock_core.errors import BusUnavailable

_LOOK_AGAIN_S = 0.5
_logger = logging.getLogger(__name__)


class LocalSubscription:
    """Hands out what its queue holds, never more than ``prefetch`` at a time unacknowledged."""

    def __init__(
        self, name: str, shelf: Shelf, prefetch: int, forget: Callable[["LocalSubscription"], None]
    ) -> None:
        self.name = name
        self._shelf = shelf
        self._prefetch = prefetch
        self._forget = forget
        self._held: set[int] = set()
        self._arrived: deque[Delivery] = deque()
        self._fetches: set[asyncio.Task[None]] = set()
        self._closed = False

    async def batch(self, max_messages: int, wait_s: float) -> list[Delivery]:
        now = asyncio.get_running_loop().time
        deadline = now() + wait_s
        while True:
            bell = self._shelf.bell.listen()
            look_again = deadline
            if not await self._could_fetch(max_messages):
                look_again = min(deadline, now() + _LOOK_AGAIN_S)
            if self._arrived:
                return [self._arrived.popleft() for _ in range(min(max_messages, self._waiting))]
            if not await _rings_before(bell, look_again) and look_again == deadline:
                return []

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        if tags := self._mine(deliveries):
            await self._shelf.remove(tags)
            self._let_go(tags)

    async def requeue(self, deliveries: Sequence[Delivery]) -> None:
        if tags := self._mine(deliveries):
            await self._shelf.release(tags)
            self._let_go(tags)

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        if tags := self._mine([delivery]):
            await self._shelf.bury(delivery, reason)
            self._let_go(tags)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._forget(self)
        self._shelf.bell.ring()
        await asyncio.gather(*self._fetches, return_exceptions=True)
        held, self._held = sorted(self._held), set()
        if held:
            await self._shelf.release(held)

    @property
    def _waiting(self) -> int:
        return len(self._arrived)

    def _mine(self, deliveries: Iterable[Delivery]) -> list[int]:
        return [d.tag for d in deliveries if d.tag in self._held]

    def _let_go(self, tags: Sequence[int]) -> None:
        was_full = len(self._held) >= self._prefetch
        self._held.difference_update(tags)
        if was_full:
            self._shelf.bell.ring()

    async def _could_fetch(self, max_messages: int) -> bool:
        """Fetch; return whether the file let us: a full disk is waited out as an empty queue is."""
        try:
            await self._fetch(max_messages)
        except BusUnavailable as error:
            if self._closed:
                raise
            _logger.warning("Queue %s cannot be read: %s", self.name, error)
            return False
        return True

    async def _fetch(self, max_messages: int) -> None:
        if self._closed:
            raise BusUnavailable(
                f"The subscription to {self.name!r} is closed.", hint="Subscribe again."
            )
        room = min(max_messages - self._waiting, self._prefetch - len(self._held))
        if room <= 0:
            return
        # Shielded: who stops waiting must not lose what was handed out at that very moment.
        fetch = asyncio.create_task(self._take(room))
        self._fetches.add(fetch)
        fetch.add_done_callback(self._fetches.discard)
        await asyncio.shield(fetch)

    async def _take(self, count: int) -> None:
        handed = await self._shelf.hand_out(count)
        self._held.update(d.tag for d in handed)
        self._arrived.extend(handed)


async def _rings_before(bell: asyncio.Event, deadline: float) -> bool:
    try:
        async with asyncio.timeout_at(deadline):
            return await bell.wait()
    except TimeoutError:
        return False
