"""Where the simulation's messages go; each publisher returns only when they are safe there."""

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Protocol

from penstock_core.bus import Bus, Message
from penstock_core.clients import DsmClient
from penstock_core.contracts.intake import PostedMessage
from penstock_core.errors import RetriableError

_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """Takes messages for good."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all are confirmed; waits through an outage for as long as it lasts.

        Raises
        ------
        PenstockError
            they are refused (a bad message, a missing right): repeating them would not help.
        """
        ...


class BusPublisher:
    """Publishes on the bus itself."""

    def __init__(self, bus: Bus, longest_wait_s: float = 10.0) -> None:
        self._bus = bus
        self._longest_wait_s = longest_wait_s

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the bus has confirmed all."""
        await until_confirmed(partial(self._bus.publish, messages), self._longest_wait_s)


class HttpPublisher:
    """Publishes through the storage manager's REST, for programs outside of its bus."""

    def __init__(self, dsm: DsmClient, longest_wait_s: float = 10.0) -> None:
        self._dsm = dsm
        self._longest_wait_s = longest_wait_s

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the storage manager has stored all, in order."""
        for (exchange, key), group in groupby(messages, lambda m: (m.exchange, m.routing_key)):
            posted = [_posted(message) for message in group]
            send = partial(self._dsm.post_messages, exchange, key, posted)
            await until_confirmed(send, self._longest_wait_s)


class LinePublisher:
    """Prints each body as a line of JSON, for a look at the messages without any service."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all are printed."""
        for message in messages:
            sys.stdout.write(message.body.decode() + "\n")
        sys.stdout.flush()


async def until_confirmed(send: Callable[[], Awaitable[None]], longest_wait_s: float) -> None:
    """Call ``send`` until it does not fail with ``RetriableError``, with growing pauses."""
    wait_s = min(0.2, longest_wait_s)
    while True:
        try:
            return await send()
        except RetriableError as error:
            _log.warning("Not published yet, next try in %.1f s: %s", wait_s, error)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, longest_wait_s)


def _posted(message: Message) -> PostedMessage:
    return PostedMessage(
        body=json.loads(message.body),
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        timestamp=message.timestamp,
    )
