"""The append-only event log of a store, and cursors in it: its outbox and its history.

Rows are written in the transaction of the change that they tell of. Readers follow with a cursor
on ``seq``, so the order of ``seq`` must be the order of commits. SQLite has one writer; on
PostgreSQL :meth:`EventLog.append` takes a transaction lock before it numbers rows, for a sequence
alone is taken in one order and committed in another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.bulk import insert_rows
from penstock_core.clock import now
from penstock_core.contracts.base import Event, EventPage
from penstock_core.errors import InvalidInput, Stale

_LOCK = 0x50454E53  # "PENS": the advisory lock of a store's event log
BigId = BigInteger().with_variant(Integer, "sqlite")
JsonColumn = JSON().with_variant(JSONB(), "postgresql")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append; ``key`` is the natural key of what it is about."""

    topic: str
    key: str
    namespace: str
    body: dict[str, Any] = field(default_factory=dict)


class EventLog:
    """The tables ``event`` and ``cursor`` of one store's metadata, and what is done with them."""

    def __init__(self, metadata: MetaData) -> None:
        self.events = Table(
            "event",
            metadata,
            Column("seq", BigId, primary_key=True, autoincrement=True),
            Column("topic", String(64), nullable=False),
            Column("key", String(512), nullable=False),
            Column("namespace", String(64), nullable=False),
            Column("at", String(40), nullable=False),
            Column("body", JsonColumn, nullable=False),
            sqlite_autoincrement=True,
        )
        self.cursors = Table(
            "cursor",
            metadata,
            Column("follower", String(128), primary_key=True),
            Column("cursor", BigInteger, nullable=False),
        )

    async def append(self, connection: AsyncConnection, events: Sequence[NewEvent]) -> None:
        """Append ``events`` in their order, as part of the caller's transaction."""
        if not events:
            return
        if connection.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        at = now().isoformat()
        rows = [
            {"topic": e.topic, "key": e.key, "namespace": e.namespace, "at": at, "body": e.body}
            for e in events
        ]
        await insert_rows(connection, self.events, rows)

    async def page(
        self,
        connection: AsyncConnection,
        after: int,
        limit: int,
        topics: Sequence[str] = (),
    ) -> EventPage:
        """Return up to ``limit`` events after ``after``, of these ``topics`` (none given: all).

        The page's cursor moves past events of other topics too once there is no more to read. A
        cursor beyond the newest event is another log's: ``InvalidInput``.
        """
        newest = await connection.scalar(select(func.max(self.events.c.seq))) or 0
        if after > newest:
            raise InvalidInput(
                f"The cursor {after} lies beyond the newest event, {newest}.",
                hint="It is the cursor of another log: rebuild from the state, then follow.",
                field="after",
                facts={"newest": newest},
            )
        if after == newest:
            return EventPage(events=(), cursor=after, newest=newest)
        query = select(self.events).where(self.events.c.seq > after)
        if topics:
            query = query.where(self.events.c.topic.in_(topics))
        rows = (await connection.execute(query.order_by(self.events.c.seq).limit(limit))).mappings()
        events = tuple(Event(**row) for row in rows)
        cursor = events[-1].seq if len(events) == limit else newest
        return EventPage(events=events, cursor=cursor, newest=newest)

    async def cursor(self, connection: AsyncConnection, follower: str) -> int:
        """Return how far ``follower`` has come; 0 for one that never followed."""
        query = select(self.cursors.c.cursor).where(self.cursors.c.follower == follower)
        return await connection.scalar(query) or 0

    async def move(
        self, connection: AsyncConnection, follower: str, expected: int, cursor: int
    ) -> None:
        """Move ``follower`` from ``expected`` to ``cursor``; ``Stale`` if it is elsewhere.

        Part of the caller's transaction, so an effect and its cursor are stored together, and of
        two replicas that worked on the same stretch one is refused.
        """
        table = self.cursors
        here = table.c.follower == follower
        found = await connection.scalar(select(table.c.cursor).where(here).with_for_update())
        if (found or 0) != expected:
            raise _moved_on(follower, found or 0, expected)
        if found is not None:
            await connection.execute(table.update().where(here).values(cursor=cursor))
            return
        try:
            await connection.execute(table.insert().values(follower=follower, cursor=cursor))
        except IntegrityError as error:
            raise _moved_on(follower, cursor, expected) from error


def _moved_on(follower: str, found: int, expected: int) -> Stale:
    return Stale(
        f"{follower} is at {found}, not at {expected}.",
        hint="Another replica came first: read the cursor and go on from there.",
        facts={"cursor": found},
    )
