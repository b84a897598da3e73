"""One consumer of one queue of RabbitMQ, which survives the loss of its connection."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from penstock_core.bus.port import Delivery, Message
from penstock_core.bus.rabbit_channel import Channel
from penstock_core.bus.rabbit_connection import Connection
from penstock_core.bus.rabbit_properties import delivery_count, to_message
from penstock_core.bus.refusals import cut_reason
from penstock_core.errors import BusUnavailable
from penstock_core.topology import DEAD_EXCHANGE

Bury = Callable[[Delivery, str], Awaitable[None]]


class RabbitSubscription:
    """Consumes from ``queue``.

    Tags go on counting over connections, so that one of a lost connection can be told from a
    new one: the broker's own tag is ours less ``_base``.
    """

    def __init__(
        self,
        queue: str,
        prefetch: int,
        bury: Bury,
        forget: Callable[["RabbitSubscription"], None],
    ) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._bury = bury
        self._forget = forget
        self._channel: Channel | None = None
        self._base = 0
        self._last = 0
        self._held: dict[int, None] = {}
        self._arrived: deque[Delivery] = deque()
        self._something = asyncio.Event()
        self._closed = False

    async def attach(self, connection: Connection) -> None:
        """Consume over this connection from now on. Raises ``BusUnavailable``."""
        channel = await connection.open_channel()
        self._base = self._last
        self._channel = channel
        channel.lost.add_done_callback(lambda _: self._drop_all(channel))
        channel.send(
            "add_on_cancel_callback",
            lambda _: channel.abandon(f"queue {self._queue!r} was deleted"),
        )
        await channel.call("basic_qos", prefetch_count=self._prefetch)
        await channel.call("basic_consume", queue=self._queue, on_message_callback=self._on_message)

    async def batch(self, max_messages: int, wait_s: float) -> list[Delivery]:
        if not self._arrived and not self._closed:
            await self._wait(wait_s)
        if self._closed:
            raise BusUnavailable(
                f"The subscription to {self._queue!r} is closed.", hint="Subscribe again."
            )
        count = min(max_messages, len(self._arrived))
        return [self._arrived.popleft() for _ in range(count)]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._answer("basic_ack", deliveries)

    async def requeue(self, deliveries: Sequence[Delivery]) -> None:
        self._answer("basic_nack", deliveries, requeue=True)

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        if delivery.tag in self._held:
            await self._bury(delivery, reason)
            await self.acknowledge([delivery])

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._forget(self)
        self._something.set()
        if self._channel is not None:
            await self._channel.close()

    async def _wait(self, wait_s: float) -> None:
        self._something.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._something.wait()
        except TimeoutError:
            pass

    def _on_message(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._last = self._base + method.delivery_tag
        message = to_message(method.exchange, method.routing_key, properties, body)
        count = delivery_count(properties, method.redelivered)
        self._held[self._last] = None
        self._arrived.append(Delivery(message, self._queue, self._last, count))
        self._something.set()

    def _answer(self, method: str, deliveries: Sequence[Delivery], **options: bool) -> None:
        tags = sorted(d.tag for d in deliveries if d.tag in self._held)
        channel = self._channel
        if not tags or channel is None:
            return
        upto = self._last_of_prefix(set(tags))
        singles = [(tag, False) for tag in tags if tag > upto]
        # On a channel that is going away there is nothing to answer: they will come again.
        with suppress(BusUnavailable):
            for tag, multiple in ([(upto, True)] if upto else []) + singles:
                channel.send(method, tag - self._base, multiple=multiple, **options)
        for tag in tags:
            self._held.pop(tag, None)

    def _last_of_prefix(self, tags: set[int]) -> int:
        """Return the last tag up to which every held one is among ``tags``; 0 for none."""
        last = 0
        for tag in self._held:
            if tag not in tags:
                break
            last = tag
        return last

    def _drop_all(self, channel: Channel) -> None:
        if channel is self._channel:
            self._channel = None
            self._held.clear()
            self._arrived.clear()


def dead_letter(delivery: Delivery, reason: str) -> Message:
    """Return the message as its dead-letter queue keeps it, with where it came from and why.

    One that died before, and was sent to its queue again, came from where it came from first.
    """
    message = delivery.message
    headers = {
        "first_exchange": message.exchange,
        "first_routing_key": message.routing_key,
        **message.headers,
        "reason": cut_reason(reason),
        "first_queue": delivery.queue,
    }
    return replace(message, exchange=DEAD_EXCHANGE, routing_key=delivery.queue, headers=headers)
