"""Publishes over one channel, with many messages under way before the first is confirmed."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pika import spec

from penstock_core.bus.port import Message
from penstock_core.bus.rabbit_channel import Channel, unavailable
from penstock_core.bus.rabbit_properties import to_properties
from penstock_core.errors import BusUnavailable

_WINDOW = 1000


@dataclass
class _Receipt:
    """What is known of one call's messages; ``done`` holds the error that hit any of them."""

    missing: int
    lost: list[Message] = field(default_factory=list)
    done: "asyncio.Future[BusUnavailable | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def finish(self, error: BusUnavailable | None) -> None:
        if not self.done.done():
            self.done.set_result(error)


class Publisher:
    """Mandatory publishing with confirms; useless once its channel is lost."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._numbers = itertools.count(1)
        self._outstanding: dict[int, tuple[Message, _Receipt]] = {}
        self._returned: Counter[tuple[str | None, str | None, str | None]] = Counter()
        self._room = asyncio.Event()
        self._room.set()

    async def start(self) -> None:
        """Ask the broker for confirms and returns. Raises ``BusUnavailable``."""
        await self._channel.call("confirm_delivery", ack_nack_callback=self._on_confirm)
        self._channel.send("add_on_return_callback", self._on_return)
        self._channel.lost.add_done_callback(self._on_lost)

    async def publish(self, messages: Sequence[Message]) -> list[Message]:
        """Return, once all are confirmed, those that no queue took. Raises ``BusUnavailable``."""
        receipt = _Receipt(len(messages))
        for message in messages:
            await self._room.wait()
            self._send(message, receipt)
        if messages and (error := await receipt.done):
            raise error
        return receipt.lost

    def _send(self, message: Message, receipt: _Receipt) -> None:
        self._channel.send(
            "basic_publish",
            message.exchange,
            message.routing_key,
            message.body,
            to_properties(message),
            mandatory=True,
        )
        self._outstanding[next(self._numbers)] = (message, receipt)
        if len(self._outstanding) >= _WINDOW:
            self._room.clear()

    def _on_return(
        self, _channel: Any, method: spec.Basic.Return, properties: Any, _body: bytes
    ) -> None:
        # The broker returns a message before it confirms it.
        self._returned[(method.exchange, method.routing_key, properties.message_id)] += 1

    def _on_confirm(self, frame: Any) -> None:
        refused = isinstance(frame.method, spec.Basic.Nack)
        error = unavailable("it refused a message; its queue may be full") if refused else None
        for number in self._confirmed(frame.method.delivery_tag, frame.method.multiple):
            self._settle(*self._outstanding.pop(number), error)
        if len(self._outstanding) < _WINDOW:
            self._room.set()

    def _confirmed(self, tag: int, multiple: bool) -> Iterable[int]:
        if not multiple:
            return (tag,)
        return list(itertools.takewhile(lambda number: number <= tag, self._outstanding))

    def _settle(self, message: Message, receipt: _Receipt, error: BusUnavailable | None) -> None:
        if self._returned and self._was_returned(message):
            receipt.lost.append(message)
        receipt.missing -= 1
        if error or not receipt.missing:
            receipt.finish(error)

    def _was_returned(self, message: Message) -> bool:
        key = (message.exchange, message.routing_key, message.message_id)
        left = self._returned.pop(key, 0)
        if left > 1:
            self._returned[key] = left - 1
        return left > 0

    def _on_lost(self, lost: "asyncio.Future[BusUnavailable]") -> None:
        for _, receipt in self._outstanding.values():
            receipt.finish(lost.result())
        self._outstanding.clear()
        self._room.set()
