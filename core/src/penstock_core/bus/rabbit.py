"""The bus of a production system: RabbitMQ, 3.10 or later."""

import asyncio
from collections.abc import Sequence

from penstock_core.bus.port import Delivery, Message
from penstock_core.bus.rabbit_channel import Channel, unavailable
from penstock_core.bus.rabbit_connection import Connection, Link
from penstock_core.bus.rabbit_declare import declare
from penstock_core.bus.rabbit_looking import queue_states, untold, virtual_host
from penstock_core.bus.rabbit_publisher import Publisher
from penstock_core.bus.rabbit_subscription import RabbitSubscription, dead_letter
from penstock_core.bus.refusals import dead_already, no_such_queue, unroutable
from penstock_core.contracts.broker import QueueState
from penstock_core.errors import BusUnavailable
from penstock_core.topology import DEAD_EXCHANGE, Topology


class RabbitBus:
    """A bus on the broker at ``url``, ``amqp://user:password@host:port/vhost``.

    Publishing and consuming have a connection each: a broker short of memory or disk stops
    reading from publishers, and acknowledgements must still get through then.

    Parameters
    ----------
    confirm_within_s
        How long ``publish`` waits for the broker before it says ``BusUnavailable``.
    management_url
        Its management API, which tells more of queues; "" where there is none.
    """

    def __init__(
        self,
        topology: Topology,
        url: str,
        confirm_within_s: float = 60.0,
        management_url: str = "",
    ) -> None:
        self._topology = topology
        self._management_url = management_url
        self._host = virtual_host(url)
        self._exchanges = {"", DEAD_EXCHANGE, *(e.name for e in topology.exchanges)}
        self._confirm_within_s = confirm_within_s
        self._publishing = Link(url, self._prepare_publishing)
        self._consuming = Link(url, self._prepare_consuming)
        self._publisher: Publisher | None = None
        self._subscriptions: set[RabbitSubscription] = set()
        self._queues = {q.name for q in topology.queues}
        self._dead_queues = {q.dead for q in topology.queues if not q.wake}

    async def start(self) -> None:
        await self._publishing.start()
        try:
            await self._consuming.start()
        except BusUnavailable:
            await self._publishing.close()
            raise

    async def publish(self, messages: Sequence[Message]) -> None:
        known = [m for m in messages if m.exchange in self._exchanges]
        lost = [m for m in messages if m.exchange not in self._exchanges]
        lost += await self._publish_confirmed(known)
        if lost:
            raise unroutable(lost)

    async def _publish_confirmed(self, messages: Sequence[Message]) -> list[Message]:
        if self._publisher is None:
            raise unavailable("the bus was not started")
        try:
            async with asyncio.timeout(self._confirm_within_s):
                return await self._publisher.publish(messages)
        except TimeoutError as error:
            raise unavailable(
                f"no confirm within {self._confirm_within_s:g} s (is it out of disk or memory?)"
            ) from error

    async def subscribe(self, queue: str, prefetch: int = 500) -> RabbitSubscription:
        self._check(queue)
        subscription = RabbitSubscription(queue, prefetch, self._bury, self._subscriptions.discard)
        await subscription.attach(self._consuming.connection)
        self._subscriptions.add(subscription)
        return subscription

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        if delivery.queue in self._dead_queues:
            raise dead_already(delivery.queue)
        if not self._topology.queue(delivery.queue).wake:
            await self.publish([dead_letter(delivery, reason)])

    async def depth(self, queue: str) -> int:
        self._check(queue)
        channel = await self._consuming.connection.open_channel()
        answer = await channel.call("queue_declare", queue=queue, passive=True)
        await channel.close()
        return int(answer.message_count)

    async def queues(self) -> tuple[QueueState, ...]:
        if self._management_url:
            return await queue_states(self._topology, self._management_url, self._host)
        channel = await self._consuming.connection.open_channel()
        try:
            return tuple([await _told_by(channel, queue) for queue in untold(self._topology)])
        finally:
            await channel.close()

    async def close(self) -> None:
        for subscription in list(self._subscriptions):
            await subscription.close()
        await self._consuming.close()
        await self._publishing.close()

    async def _prepare_publishing(self, connection: Connection) -> None:
        channel = await connection.open_channel()
        await declare(self._topology, channel)
        self._publisher = Publisher(channel)
        await self._publisher.start()

    async def _prepare_consuming(self, connection: Connection) -> None:
        # Here too: a broker that came back empty has no queues to consume from.
        await declare(self._topology, await connection.open_channel())
        for subscription in list(self._subscriptions):
            await subscription.attach(connection)

    def _check(self, queue: str) -> None:
        if queue not in self._queues | self._dead_queues:
            raise no_such_queue(queue, self._queues | self._dead_queues)


async def _told_by(channel: Channel, state: QueueState) -> QueueState:
    answer = await channel.call("queue_declare", queue=state.name, passive=True)
    told = {"ready": answer.message_count, "consumers": answer.consumer_count}
    return state.model_copy(update=told)
