"""The journal of what came in: each message once, with what became of it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import page_of, rows_where
from dsm.manager.telling import Answer, Done, Letter
from penstock_core.clock import parse_time
from penstock_core.contracts.base import Frozen, Json, Page
from penstock_core.contracts.dsm import IntakeMessage, IntakeOutcome
from penstock_core.errors import PenstockError

_COLUMNS = tables.journal.c


class Entry(Frozen):
    """One message as it came, and what became of it; LATE is OK after its dataset had closed."""

    message_id: str
    exchange: str
    routing_key: str
    correlation_id: str
    sender: str
    namespace: str
    run: str
    body: str
    sent_at: datetime
    received_at: datetime
    outcome: Literal["OK", "LATE", "ERROR"]
    details: str
    error: Json | None

    def as_outcome(self, *, repeat: bool) -> IntakeOutcome:
        """Return what to answer to whoever handed the message in."""
        status = "REPEAT" if repeat else "ERROR" if self.outcome == "ERROR" else "OK"
        values = {"message_id": self.message_id, "status": status}
        return IntakeOutcome.model_validate(values | {"details": self.details, "error": self.error})


_FIELDS = [_COLUMNS[name] for name in Entry.model_fields]


def identity(message: IntakeMessage) -> str:
    """Return the natural key of a message: its id and all that it says.

    The body is part of it because foreign programs count their messages anew when they start.
    """
    said = (message.message_id, message.exchange, message.routing_key, message.body)
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


async def known(connection: AsyncConnection, identities: Iterable[str]) -> dict[str, Entry]:
    """Return the entries of those of these messages that came before, by identity."""
    query = select(_COLUMNS.identity, *_FIELDS)
    rows = rows_where(connection, query, _COLUMNS.identity, identities)
    return {row.identity: _entry_of(row) async for row in rows}


def entry(
    message: IntakeMessage, read: Letter[Any] | PenstockError, answer: Answer, at: str
) -> Entry:
    """Return the entry for a message that was read so, and answered so."""
    letter = read if isinstance(read, Letter) else None
    return Entry(
        message_id=_kept(message.message_id),
        exchange=_kept(message.exchange, 64),
        routing_key=_kept(message.routing_key, 250),
        correlation_id=_kept(message.correlation_id),
        sender=_kept(message.sender or (letter.body.sent_by if letter else "")),
        namespace=letter.namespace if letter else _kept(message.namespace, 64),
        run=letter.body.run if letter else "",
        body=_kept(message.body, None),
        sent_at=message.timestamp,
        received_at=parse_time(at),
        outcome=_outcome(answer),
        details=answer.details if isinstance(answer, Done) else str(answer),
        error=None if isinstance(answer, Done) else answer.as_json(),
    )


async def store(connection: AsyncConnection, entries: Mapping[str, Entry]) -> None:
    """Store new entries by their identity."""
    rows = [{"identity": key} | entry.model_dump(mode="json") for key, entry in entries.items()]
    if rows:
        await connection.execute(insert(tables.journal), rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to list: those equal to what is not ""."""

    exchange: str = ""
    routing_key: str = ""
    namespace: str = ""
    run: str = ""
    outcome: str = ""
    message_id: str = ""


async def page(connection: AsyncConnection, wanted: Wanted, after: int, limit: int) -> Page[Entry]:
    """Return entries after a cursor, oldest first."""
    query = select(_COLUMNS.id, *_FIELDS).where(_COLUMNS.id > after)
    for name, value in asdict(wanted).items():
        if value:
            query = query.where(_COLUMNS[name] == value)
    rows = (await connection.execute(query.order_by(_COLUMNS.id).limit(limit))).all()
    return page_of(rows, limit, _entry_of)


def _kept(text: str, most: int | None = 512) -> str:
    """Return of a text from outside what any database keeps."""
    return text.replace("\0", "\\0")[:most]


def _outcome(answer: Answer) -> Literal["OK", "LATE", "ERROR"]:
    if isinstance(answer, PenstockError):
        return "ERROR"
    return "LATE" if answer.late else "OK"


def _entry_of(row: Row[Any]) -> Entry:
    return Entry.model_validate({name: row._mapping[name] for name in Entry.model_fields})
