"""The queues of the local bus: durable ones in its file, hints in memory."""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, cast

from penstock_core.bus import local_store
from penstock_core.bus.group_commit import GroupCommit
from penstock_core.bus.port import Delivery, Message
from penstock_core.bus.refusals import cut_reason, dead_already
from penstock_core.topology import WAKE_QUEUE_LENGTH

_NO_LIMIT = sys.maxsize


class Bell:
    """Tells all who listened before it rang; who listens first and looks then misses nothing."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """Return what is set at the next ring."""
        return self._event

    def ring(self) -> None:
        """Wake all listeners."""
        rung, self._event = self._event, asyncio.Event()
        rung.set()


class Shelf(Protocol):
    """One queue of the local bus."""

    bell: Bell

    async def hand_out(self, count: int) -> list[Delivery]:
        """Return up to ``count`` of the oldest, held and counted."""
        ...

    async def remove(self, tags: Sequence[int]) -> None:
        """Take these off for good."""
        ...

    async def release(self, tags: Sequence[int]) -> None:
        """Put these back in their old places."""
        ...

    async def bury(self, delivery: Delivery, reason: str) -> None:
        """Move this to the dead-letter queue."""
        ...

    async def depth(self) -> int:
        """Return how many wait."""
        ...


class DurableShelf:
    """A queue in the file. ``dead`` is its dead-letter queue; a dead-letter queue has none."""

    def __init__(
        self,
        name: str,
        commits: GroupCommit,
        dead: "DurableShelf | None" = None,
        delivery_limit: int = _NO_LIMIT,
    ) -> None:
        self.name = name
        self.bell = Bell()
        self._commits = commits
        self._limit = delivery_limit
        self._dead = dead

    @property
    def holds_dead_letters(self) -> bool:
        """Return whether it is a dead-letter queue."""
        return self._dead is None

    async def hand_out(self, count: int) -> list[Delivery]:
        job = partial(local_store.hand_out, queue=self.name, count=count)
        return cast(list[Delivery], await self._commits.run(job))

    async def remove(self, tags: Sequence[int]) -> None:
        await self._commits.run(partial(local_store.remove, tags=tags))

    async def release(self, tags: Sequence[int]) -> None:
        job = partial(local_store.release, tags=tags, delivery_limit=self._limit)
        buried = await self._commits.run(job)
        if buried and self._dead is not None:
            self._dead.bell.ring()
        self.bell.ring()

    async def bury(self, delivery: Delivery, reason: str) -> None:
        if self._dead is None:
            raise dead_already(self.name)
        job = partial(local_store.bury, tag=delivery.tag, reason=cut_reason(reason))
        await self._commits.run(job)
        self._dead.bell.ring()

    async def depth(self) -> int:
        return cast(int, await self._commits.run(partial(local_store.depth, queue=self.name)))

    async def recover(self) -> None:
        """Put back what a process that died had in hand."""
        tags = await self._commits.run(partial(local_store.held, queue=self.name))
        if tags:
            await self.release(tags)


class HintShelf:
    """A wake queue: bounded, the oldest hint is dropped, gone with the process.

    Who listens to hints looks at the logs when it starts, so none needs to outlive the process.
    """

    def __init__(self, name: str, length: int = WAKE_QUEUE_LENGTH) -> None:
        self.name = name
        self.bell = Bell()
        self._tags = itertools.count(1)
        self._ready: deque[Delivery] = deque(maxlen=length)
        self._held: dict[int, Delivery] = {}

    @property
    def held(self) -> int:
        """Return how many hints were handed out and not acknowledged."""
        return len(self._held)

    def put(self, message: Message) -> None:
        """Append a hint, dropping the oldest where there is no room."""
        self._ready.append(Delivery(message, self.name, next(self._tags)))

    async def hand_out(self, count: int) -> list[Delivery]:
        out = [self._ready.popleft() for _ in range(min(count, len(self._ready)))]
        self._held.update((d.tag, d) for d in out)
        return out

    async def remove(self, tags: Sequence[int]) -> None:
        for tag in tags:
            self._held.pop(tag, None)

    async def release(self, tags: Sequence[int]) -> None:
        back = [self._held.pop(tag) for tag in sorted(tags, reverse=True) if tag in self._held]
        for delivery in back:
            if len(self._ready) != self._ready.maxlen:
                count = delivery.delivery_count + 1
                self._ready.appendleft(replace(delivery, delivery_count=count))
        self.bell.ring()

    async def bury(self, delivery: Delivery, reason: str) -> None:
        """Drop the hint: what is only a hint has no dead-letter queue."""
        del reason
        await self.remove([delivery.tag])

    async def depth(self) -> int:
        return len(self._ready)
