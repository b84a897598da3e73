"""Reading the body of a message, and saying what is wrong with one that cannot be."""

from typing import TypeVar

from pydantic import ValidationError

from dsm.manager.messages.daq_messages import DaqMessage
from dsm.manager.messages.fields import Told
from penstock_core.errors import InvalidMessage

Body = TypeVar("Body", bound="Told")


def read_body(model: type[Body], routing_key: str, body: str) -> Body:
    """Return ``body`` as ``model``; raises ``InvalidMessage`` naming the first wrong field."""
    try:
        told = model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(routing_key, error) from error
    if isinstance(told, DaqMessage) and told.msg_type not in ("", routing_key):
        raise InvalidMessage(
            f"{routing_key}: its msg_type is {told.msg_type[:100]!r}.",
            hint="Publish each message under its msg_type as routing key.",
            field="msg_type",
        )
    return told


def _invalid(routing_key: str, error: ValidationError) -> InvalidMessage:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    hint = str(first.get("ctx", {}).get("hint") or "docs/reference/messages.md shows each message.")
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", first["msg"])
        return InvalidMessage(f"{routing_key}: the body is not JSON: {reason}.", hint=hint)
    problem = first["msg"].rstrip(".")
    if first["type"] not in ("missing", "rule"):
        problem += f", not {str(first['input'])[:100]!r}"
    return InvalidMessage(
        f"{routing_key}: {field or 'the body'}: {problem}.", hint=hint, field=field
    )
