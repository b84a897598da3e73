"""The bus of one process: durable in one SQLite file, or in memory for a test."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from penstock_core.bus import local_store
from penstock_core.bus.group_commit import GroupCommit
from penstock_core.bus.local_subscription import LocalSubscription
from penstock_core.bus.port import Message
from penstock_core.bus.refusals import no_such_queue, unroutable
from penstock_core.bus.routing import Router
from penstock_core.bus.shelves import DurableShelf, HintShelf, Shelf
from penstock_core.contracts.broker import QueueState
from penstock_core.topology import Topology


class LocalBus:
    """A bus whose file at ``path`` belongs to this process alone; ``":memory:"`` keeps no file.

    Durable queues live in the file and cost memory only for what is handed out. Wake queues
    live in memory.
    """

    def __init__(self, topology: Topology, path: Path | Literal[":memory:"]) -> None:
        self._router = Router(topology)
        self._commits = GroupCommit(str(path))
        self._subscriptions: set[LocalSubscription] = set()
        self._durable: dict[str, DurableShelf] = {}
        self._hints = {q.name: HintShelf(q.name) for q in topology.queues if q.wake}
        for queue in topology.queues:
            if not queue.wake:
                self._add_durable(queue.name, queue.dead, topology.delivery_limit)

    def _add_durable(self, name: str, dead_name: str, limit: int) -> None:
        dead = DurableShelf(dead_name, self._commits)
        self._durable[dead_name] = dead
        self._durable[name] = DurableShelf(name, self._commits, dead, limit)

    async def start(self) -> None:
        await self._commits.open()
        for shelf in self._durable.values():
            await shelf.recover()

    async def publish(self, messages: Sequence[Message]) -> None:
        routed, lost = self._route(messages)
        durable = [(queue, m) for queue, m in routed if queue in self._durable]
        if durable:
            await self._commits.run(partial(local_store.insert, routed=durable))
        for queue, message in routed:
            if queue in self._hints:
                self._hints[queue].put(message)
        for queue in {queue for queue, _ in routed}:
            self._shelf(queue).bell.ring()
        if lost:
            raise unroutable(lost)

    def _route(
        self, messages: Sequence[Message]
    ) -> tuple[list[tuple[str, Message]], list[Message]]:
        routed: list[tuple[str, Message]] = []
        lost: list[Message] = []
        for message in messages:
            queues = self._router.queues_for(message.exchange, message.routing_key)
            routed.extend((queue, message) for queue in queues)
            if not queues:
                lost.append(message)
        return routed, lost

    async def subscribe(self, queue: str, prefetch: int = 500) -> LocalSubscription:
        subscription = LocalSubscription(
            queue, self._shelf(queue), prefetch, self._subscriptions.discard
        )
        self._subscriptions.add(subscription)
        return subscription

    async def depth(self, queue: str) -> int:
        return await self._shelf(queue).depth()

    async def queues(self) -> tuple[QueueState, ...]:
        counts = await self._commits.run(local_store.states)
        consumers = Counter(subscription.name for subscription in self._subscriptions)
        durable = (
            QueueState(
                name=name,
                consumers=consumers[name],
                is_dead_letter=shelf.holds_dead_letters,
                **counts.get(name, {}),
            )
            for name, shelf in self._durable.items()
        )
        hints = (
            QueueState(
                name=name,
                ready=await shelf.depth(),
                unacknowledged=shelf.held,
                consumers=consumers[name],
                is_wake=True,
            )
            for name, shelf in self._hints.items()
        )
        return (*durable, *[state async for state in hints])

    async def close(self) -> None:
        for subscription in list(self._subscriptions):
            await subscription.close()
        await self._commits.close()

    def _shelf(self, queue: str) -> Shelf:
        shelf: Shelf | None = self._durable.get(queue) or self._hints.get(queue)
        if shelf is None:
            raise no_such_queue(queue, [*self._durable, *self._hints])
        return shelf
