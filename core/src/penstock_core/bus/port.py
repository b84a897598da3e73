"""What a bus promises, whichever bus it is.

``publish`` returns only when every message is safe (confirmed): a kill right after loses nothing.
A message that no queue takes is an error, never silence. What is delivered stays on its queue
until it is acknowledged; what was delivered and not acknowledged when its consumer died comes
again with a higher ``delivery_count``, and past the topology's delivery limit it moves to the
queue's dead-letter queue. Both implementations pass ``tests/contract/test_bus.py``.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from penstock_core.contracts.broker import QueueState
from penstock_core.errors import InvalidInput
from penstock_core.tracing import HEADER, traceparent

_SHORT = ("exchange", "routing_key", "message_id", "type", "correlation_id", "reply_to")
_SHORT_BYTES = 255


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a JSON body, and what travels beside it as AMQP properties and headers.

    ``body`` is bytes, for a body from outside may be no JSON at all. ``headers`` hold
    ``traceparent``, ``schema_version``, ``namespace`` and, on dead letters, ``reason``,
    ``first_queue``, ``first_exchange`` and ``first_routing_key``.

    Raises
    ------
    InvalidInput
        a name or property is longer than the 255 bytes that AMQP has for it.
    """

    exchange: str
    routing_key: str
    body: bytes
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    type: str = ""
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    correlation_id: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _SHORT:
            value = getattr(self, name)
            if len(value) > _SHORT_BYTES // 4 and len(value.encode()) > _SHORT_BYTES:
                raise InvalidInput(
                    f"The {name} of a message has more than {_SHORT_BYTES} bytes: {value[:40]!r}….",
                    hint="AMQP has no room for more; what is long belongs in the body.",
                    field=name,
                )

    @classmethod
    def of_json(cls, exchange: str, routing_key: str, body: Any, **properties: Any) -> "Message":
        """Return a message whose body is ``body`` as compact JSON; ``type`` is the routing key.

        It carries the trace on that is being followed.
        """
        properties.setdefault("type", routing_key)
        if trace := traceparent():
            properties["headers"] = {HEADER: trace, **properties.get("headers", {})}
        text = json.dumps(body, separators=(",", ":"), default=str)
        return cls(exchange, routing_key, text.encode(), **properties)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as one queue handed it out.

    ``delivery_count`` is how often it was handed out before; ``tag`` identifies the delivery
    to the subscription that made it, and to nobody else.
    """

    message: Message
    queue: str
    tag: int
    delivery_count: int = 0


class Subscription(Protocol):
    """One consumer of one queue, holding at most its prefetch of unacknowledged deliveries.

    A delivery that this subscription no longer holds (acknowledged, put back, or lost with the
    connection) is passed over in silence by ``acknowledge``, ``requeue`` and ``dead_letter``:
    it comes, or came, again.
    """

    async def batch(self, max_messages: int, wait_s: float) -> list[Delivery]:
        """Return up to ``max_messages`` at once, waiting up to ``wait_s`` for the first one.

        An empty list means the wait was in vain. While a broker is away this waits as on an
        empty queue: the subscription comes back by itself, and what was not acknowledged comes
        again. Raises ``BusUnavailable`` only once the subscription or the bus is closed.
        Cancelling it loses nothing.
        """
        ...

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Take these off the queue for good."""
        ...

    async def requeue(self, deliveries: Sequence[Delivery]) -> None:
        """Put these back at once, ahead of newer ones, each with its count raised."""
        ...

    async def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Move this to the dead-letter queue with ``reason``; it is safe there before it leaves.

        The reason is cut where it is longer than a header can be. A hint, which has no
        dead-letter queue, is dropped. Raises ``NotFound`` for a dead letter.
        """
        ...

    async def close(self) -> None:
        """Stop consuming; what is not acknowledged goes back to the queue."""
        ...


class Bus(Protocol):
    """Where messages go and come from.

    Declared once from a :class:`~penstock_core.topology.Topology`.
    """

    async def start(self) -> None:
        """Connect and declare the topology. Raises ``BusUnavailable``."""
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all are confirmed; all of them go out in order.

        Raises
        ------
        NotFound
            the exchange does not exist, or no queue is bound for the key (mandatory publishing);
            the messages before and after it are published all the same. ``facts["message_ids"]``
            names the lost ones.
        BusUnavailable
            not all were confirmed: publish again, with the same message ids.
        """
        ...

    async def subscribe(self, queue: str, prefetch: int = 500) -> Subscription:
        """Consume from ``queue``. Raises ``NotFound`` for an unknown one."""
        ...

    async def depth(self, queue: str) -> int:
        """Return how many messages wait on ``queue``, handed out ones not counted."""
        ...

    async def queues(self) -> tuple[QueueState, ...]:
        """Return how all queues stand, dead-letter queues included. Raises ``BusUnavailable``."""
        ...

    async def close(self) -> None:
        """Give everything back and disconnect."""
        ...
