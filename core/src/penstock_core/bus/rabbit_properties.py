"""A message as AMQP carries it, and back; foreign properties are read with patience."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pika import BasicProperties
from pika.spec import PERSISTENT_DELIVERY_MODE

from penstock_core.bus.port import Message

# AMQP's own timestamp has whole seconds; this header keeps the rest.
_EXACT_TIME = "timestamp_iso"
_FIRST = {
    "reason": "x-first-death-reason",
    "first_queue": "x-first-death-queue",
    "first_exchange": "x-first-death-exchange",
}


def to_properties(message: Message) -> BasicProperties:
    """Return what travels beside the body, persistent."""
    return BasicProperties(
        message_id=message.message_id,
        type=message.type or None,
        timestamp=int(message.timestamp.timestamp()),
        correlation_id=message.correlation_id or None,
        reply_to=message.reply_to or None,
        headers={**message.headers, _EXACT_TIME: message.timestamp.isoformat()},
        delivery_mode=PERSISTENT_DELIVERY_MODE,
    )


def to_message(
    exchange: str, routing_key: str, properties: BasicProperties, body: bytes
) -> Message:
    """Return the message; what a foreign sender left out is empty, its time the present."""
    headers = dict(properties.headers or {})
    timestamp = _timestamp(headers.pop(_EXACT_TIME, None), properties.timestamp)
    return Message(
        exchange,
        routing_key,
        body,
        message_id=properties.message_id or "",
        type=properties.type or "",
        timestamp=timestamp,
        correlation_id=properties.correlation_id or "",
        reply_to=properties.reply_to or "",
        headers=_plain_headers(headers),
    )


def delivery_count(properties: BasicProperties, redelivered: bool) -> int:
    """Return how often a queue handed it out before; only quorum queues count beyond one."""
    counted = (properties.headers or {}).get("x-delivery-count")
    return int(redelivered) if counted is None else int(counted)


def _timestamp(exact: object, seconds: int | None) -> datetime:
    try:
        return datetime.fromisoformat(str(exact)).astimezone(UTC)
    except ValueError:
        pass
    return datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _plain_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return headers as text, the broker's own ones translated into ours."""
    plain = {name: str(value) for name, value in headers.items() if not name.startswith("x-")}
    if "x-first-death-reason" not in headers:
        return plain
    first = {ours: str(headers[theirs]) for ours, theirs in _FIRST.items()}
    first["first_routing_key"] = _first_routing_key(headers.get("x-death"))
    return first | plain


def _first_routing_key(deaths: Any) -> str:
    # The broker lists the newest death first.
    oldest = deaths[-1] if deaths else {}
    return str((oldest.get("routing-keys") or [""])[0])
