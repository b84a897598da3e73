"""The journal of what came in: each message once, with what became of it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.messages.daq_messages import utc_text
from dsm.manager.messages.telling import Answer, Done, Letter
from dsm.manager.reading import after_cursor, page_of, rows_where
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.intake import IntakeMessage, IntakeOutcome
from penstock_core.contracts.runs import JournalEntry
from penstock_core.errors import PenstockError, Stale

PRUNED = "journal:pruned"
"""The cursor that holds how far the journal was dropped, by age or by number."""
_C = tables.journal.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as the store keeps it: ``sender`` brought it, ``agent`` says to have sent it."""

    message_id: str
    exchange: str
    routing_key: str
    correlation_id: str
    sender: str
    agent: str
    namespace: str
    workflow: str
    run: str
    body: str
    sent_at: str
    received_at: str
    outcome: Literal["OK", "LATE", "ERROR"]
    details: str
    error: Json | None

    def as_outcome(self, *, repeat: bool) -> IntakeOutcome:
        """Return what to answer to whoever handed the message in."""
        status = "REPEAT" if repeat else "ERROR" if self.outcome == "ERROR" else "OK"
        values = {"message_id": self.message_id, "status": status}
        return IntakeOutcome.model_validate(values | {"details": self.details, "error": self.error})


_FIELDS = [_C[field.name] for field in fields(Entry)]


def identity(message: IntakeMessage) -> str:
    """Return the natural key of a message: its id, all that it says, and to which namespace.

    The body is part of it because foreign programs count their messages anew when they start. A
    dead letter that is sent again is a new message: what was refused may be right by now.
    """
    said = [message.message_id, message.exchange, message.routing_key, message.body]
    said += [message.namespace] if message.namespace else []
    said += [f"again {message.redriven}"] if message.redriven else []
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


async def known(connection: AsyncConnection, identities: Iterable[str]) -> dict[str, Entry]:
    """Return the entries of those of these messages that came before, by identity."""
    query = select(_C.identity, *_FIELDS)
    rows = rows_where(connection, query, _C.identity, identities)
    return {row.identity: Entry(*row[1:]) async for row in rows}


def entry(
    message: IntakeMessage, read: Letter[Any] | PenstockError, answer: Answer, at: str
) -> Entry:
    """Return the entry for a message that was read so, and answered so."""
    letter = read if isinstance(read, Letter) else None
    return Entry(
        message_id=_kept(message.message_id),
        exchange=_kept(message.exchange, 64),
        routing_key=_kept(letter.message.routing_key if letter else message.routing_key, 250),
        correlation_id=_kept(message.correlation_id),
        sender=_kept(message.sender),
        agent=_kept((letter.body.sent_by if letter else "") or message.sender),
        namespace=letter.namespace if letter else _kept(message.namespace, 64),
        workflow=_kept(letter.body.workflow, 250) if letter else "",
        run=letter.body.run if letter else "",
        body=_kept(message.body, None),
        sent_at=utc_text(message.timestamp),
        received_at=at,
        outcome=_outcome(answer),
        details=answer.details if isinstance(answer, Done) else str(answer),
        error=None if isinstance(answer, Done) else answer.as_json(),
    )


async def store(connection: AsyncConnection, entries: Mapping[str, Entry]) -> None:
    """Store new entries by their identity."""
    rows = [{"identity": key} | asdict(entry) for key, entry in entries.items()]
    if rows:
        await insert_rows(connection, tables.journal, rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to list: those equal to what is not "", at the times that are not None."""

    source: str = ""
    message_type: str = ""
    sender_agent: str = ""
    namespace: str = ""
    workflow: str = ""
    run: str = ""
    outcome: str = ""
    message_id: str = ""
    is_successful: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMN_OF = {
    "source": _C.exchange,
    "message_type": _C.routing_key,
    "sender_agent": _C.agent,
    "namespace": _C.namespace,
    "workflow": _C.workflow,
    "run": _C.run,
    "outcome": _C.outcome,
    "message_id": _C.message_id,
}


async def page(
    connection: AsyncConnection, wanted: Wanted, after: int, limit: int, *, newest: bool = False
) -> Page[JournalEntry]:
    """Return entries after a cursor, oldest first or ``newest`` first.

    Raises
    ------
    Stale
        entries after the cursor were dropped before they were read.
    """
    pruned = await tables.event_log.cursor(connection, PRUNED)
    if 0 < after < pruned and not newest:
        raise Stale(
            f"The entries of the journal up to {pruned} were dropped; yours ends at {after}.",
            hint=f"Go on with after={pruned}; what was missed stands in the runs and datasets.",
            facts={"dropped_to": pruned},
        )
    query = after_cursor(_matching(wanted), _C.id, after, limit, newest=newest)
    return page_of((await connection.execute(query)).all(), limit, _shown)


def _matching(wanted: Wanted) -> Select[Any]:
    query = select(_C.id, *_FIELDS)
    for name, column in _COLUMN_OF.items():
        if value := getattr(wanted, name):
            query = query.where(column == value)
    if wanted.is_successful is not None:
        failed = _C.outcome == "ERROR"
        query = query.where(~failed if wanted.is_successful else failed)
    if wanted.since is not None:
        query = query.where(_C.sent_at >= utc_text(wanted.since))
    if wanted.until is not None:
        query = query.where(_C.sent_at < utc_text(wanted.until))
    return query


def _kept(text: str, most: int | None = 512) -> str:
    """Return of a text from outside what any database keeps."""
    return text.replace("\0", "\\0")[:most]


def _outcome(answer: Answer) -> Literal["OK", "LATE", "ERROR"]:
    if isinstance(answer, PenstockError):
        return "ERROR"
    return "LATE" if answer.late else "OK"


def _shown(row: Row[Any]) -> JournalEntry:
    values: Json = dict(row._mapping) | {
        "timestamp": row.sent_at,
        "message_type": row.routing_key,
        "sender_agent": row.agent,
        "source": row.exchange,
        "is_successful": row.outcome != "ERROR",
        "posted_by": row.sender,
    }
    return JournalEntry.model_validate({name: values[name] for name in JournalEntry.model_fields})
