"""Messages from outside on their way in: posted for the bus, handed to the manager, answered."""

from datetime import datetime
from typing import Any, Literal

from penstock_core.contracts.base import Frozen, Json


class IntakeMessage(Frozen):
    """A message from outside, as the register hands it to the manager; ``body`` is raw text.

    ``message_id`` makes a repeat recognisable; ``sender`` is who sent it, by its token, or ""
    when it came over the broker. ``redriven``: how often it was sent again as a dead letter.
    """

    exchange: str
    routing_key: str
    body: str
    message_id: str
    correlation_id: str = ""
    timestamp: datetime
    namespace: str = ""
    sender: str = ""
    redriven: int = 0


class IntakeOutcome(Frozen):
    """What became of one message: applied, a repeat, or refused with ``error``.

    ``details`` is the text of SPD's reply.
    """

    message_id: str
    status: Literal["OK", "REPEAT", "ERROR"]
    details: str
    error: Json | None = None


class PostedMessage(Frozen):
    """One item of ``POST /api/v1/messages/{exchange}/{routing_key}``."""

    body: Any
    message_id: str = ""
    correlation_id: str = ""
    timestamp: datetime | None = None


class Pulse(Frozen):
    """What the register tells every few seconds: whether it keeps up with what is sent."""

    keeps_up: bool
