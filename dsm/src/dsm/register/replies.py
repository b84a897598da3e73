"""What the register answers to a request, in SPD's form."""

import json
from uuid import UUID, uuid5

from penstock_core.bus import Message
from penstock_core.errors import PenstockError

EXCHANGE = "dsm.register"
_REPLIES = UUID("2b0c7a52-5f0e-5e0b-9b5a-2f4f6f5d0d11")


def final_reply(request: Message, details: str, *, failed: bool) -> Message | None:
    """Return the last answer to ``request``, or None where nobody waits for one."""
    return _reply(request, {"status": "ERROR" if failed else "OK", "details": details}, "final")


def retrying_reply(request: Message, error: PenstockError) -> Message | None:
    """Return the answer that the catalog is away and ``request`` is held, or None."""
    details = f"Error occurs while registering {_subject(request.body)}. {error.message}"
    return _reply(request, {"status": "ERROR", "details": details, "retrying": True}, "retrying")


def _reply(request: Message, body: dict[str, object], which: str) -> Message | None:
    """Return a reply under an id made from the request's, so that a repeat is recognised."""
    if not request.reply_to and request.exchange != EXCHANGE:
        return None
    exchange, key = ("", request.reply_to) if request.reply_to else _usual_place(request)
    return Message.of_json(
        exchange,
        key,
        body,
        message_id=str(uuid5(_REPLIES, f"{request.message_id}\0{which}")),
        correlation_id=request.correlation_id or request.message_id,
        type=f"{request.routing_key}.reply",
    )


def _usual_place(request: Message) -> tuple[str, str]:
    return EXCHANGE, f"{request.routing_key}.reply"


def _subject(body: bytes) -> str:
    """Return what a body is about, as far as it can be told: its first file, or its dataset."""
    try:
        told = json.loads(body)
        files = told.get("files")
        if isinstance(files, list) and files:
            return f"file = {files[0]['path']}"
        return f"dataset = {told.get('datasetId') or told['datasetName']}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return "a message"
