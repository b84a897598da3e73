"""A message of the bus as the manager takes it in: live, or as a dead letter that is sent again."""

from dataclasses import replace
from uuid import uuid4

from penstock_core.bus import Message
from penstock_core.contracts.intake import IntakeMessage

REDRIVEN = "redriven"
"""The header that counts how often a dead letter was sent again."""
_DEAD = ("reason", "first_queue")


def restored(message: Message) -> Message:
    """Return ``message`` as it was first sent, with an id.

    A dead letter, and one that was sent again to its queue alone, has in its headers where it was
    sent first. Equal bodies that came without an id are two messages.
    """
    return replace(
        message,
        message_id=message.message_id or str(uuid4()),
        exchange=message.headers.get("first_exchange", message.exchange),
        routing_key=message.headers.get("first_routing_key", message.routing_key),
    )


def redriven(message: Message) -> int:
    """Return how often a message was sent again."""
    return int(message.headers.get(REDRIVEN, "0"))


def sent_again(message: Message, actor: str) -> Message:
    """Return a dead letter as it goes back to its queue, and to no other."""
    kept = {name: value for name, value in message.headers.items() if name not in _DEAD}
    headers = kept | {REDRIVEN: str(redriven(message) + 1), "redriven_by": actor}
    return replace(message, exchange="", routing_key=queue_of(message), headers=headers)


def queue_of(message: Message) -> str:
    """Return the queue that a dead letter was for."""
    return message.headers.get("first_queue", message.routing_key)


def as_intake(message: Message) -> IntakeMessage:
    """Return ``message`` as the manager takes it; bytes that are no text stay recognisable."""
    return IntakeMessage(
        exchange=message.exchange,
        routing_key=message.routing_key,
        body=message.body.decode("utf-8", "backslashreplace"),
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        timestamp=message.timestamp,
        namespace=message.headers.get("namespace", ""),
        sender=message.headers.get("sender", ""),
        redriven=redriven(message),
    )
