"""What either bus says to a name that is not in its topology."""

from collections.abc import Iterable, Sequence

from penstock_core.bus.port import Message
from penstock_core.errors import NotFound

# All headers of a message must fit in one frame of AMQP, 128 KiB.
_REASON_LENGTH = 2000


def cut_reason(reason: str) -> str:
    """Return the reason of a dead letter, short enough for a header."""
    return reason if len(reason) <= _REASON_LENGTH else f"{reason[:_REASON_LENGTH]}…"


def unroutable(messages: Sequence[Message]) -> NotFound:
    """Return the error for messages that no queue takes; ``facts`` has their ids."""
    first = messages[0]
    return NotFound(
        f"{len(messages)} message(s) reach no queue, the first one on exchange "
        f"{first.exchange!r} with routing key {first.routing_key!r}.",
        hint="Check exchange and key against the topology; all other messages were published.",
        facts={
            "exchange": first.exchange,
            "routing_key": first.routing_key,
            "message_ids": [m.message_id for m in messages],
        },
    )


def no_such_queue(queue: str, known: Iterable[str]) -> NotFound:
    """Return the error for a queue that the topology does not declare."""
    return NotFound(
        f"There is no queue {queue!r}.",
        hint=f"Known queues: {', '.join(sorted(known))}.",
        facts={"queue": queue},
    )


def dead_already(queue: str) -> NotFound:
    """Return the error for dead-lettering what is a dead letter."""
    return NotFound(
        f"Queue {queue!r} holds dead letters and has no dead-letter queue of its own.",
        hint="Acknowledge the letter to drop it, or requeue it to keep it.",
        facts={"queue": queue},
    )
