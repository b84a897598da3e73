"""Messages that programs without a broker post for the bus."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.messages.handlers import HANDLERS
from dsm.manager.reading import rows_where
from penstock_core.bus import Message
from penstock_core.clock import now
from penstock_core.contracts.intake import PostedMessage
from penstock_core.errors import NotFound
from penstock_core.rights import Right
from penstock_core.tokens import Identity

SENDER = "sender"
"""The header that says whose token a message was posted with."""
_OPERATORS = ("dataset.delete", "dataset.upload")


async def check_right(
    connection: AsyncConnection,
    caller: Identity,
    exchange: str,
    routing_key: str,
    posted: Sequence[PostedMessage],
) -> None:
    """Raise unless ``caller`` may post these: to close, one must have made the dataset.

    Raises
    ------
    NotFound
        the exchange takes no such message.
    Forbidden
        it needs an operator, or the producer.
    """
    if (exchange, routing_key) not in HANDLERS:
        known = ", ".join(key for taken, key in HANDLERS if taken == exchange)
        raise NotFound(
            f"{exchange} takes no message {routing_key[:100]!r}.",
            hint=f"It takes {known}.",
            field="routing_key",
        )
    if Right.SERVE in caller.rights or Right.OPERATE in caller.rights:
        return
    if routing_key in _OPERATORS:
        caller.require(Right.OPERATE)
    if routing_key == "dataset.close" and not await _made_all(connection, caller, posted):
        caller.require(Right.OPERATE)


async def _made_all(
    connection: AsyncConnection, caller: Identity, posted: Sequence[PostedMessage]
) -> bool:
    """Return whether each of the datasets named, as far as they are there, is the caller's."""
    bodies = [message.body for message in posted if isinstance(message.body, dict)]
    uids = [str(body.get("datasetId")) for body in bodies]
    columns = tables.dataset.c
    rows = rows_where(connection, select(columns.producer), columns.uid, uids)
    return all([row.producer == caller.subject async for row in rows])


def as_messages(
    exchange: str, routing_key: str, posted: Sequence[PostedMessage], sender: str
) -> list[Message]:
    """Return the messages to publish, each under an id of its own if it came without one."""
    made = []
    for item in posted:
        properties = {"message_id": item.message_id} if item.message_id else {}
        message = Message.of_json(
            exchange,
            routing_key,
            item.body,
            correlation_id=item.correlation_id,
            timestamp=item.timestamp or now(),
            headers={SENDER: sender, "schema_version": "1"},
            **properties,
        )
        made.append(message)
    return made
