"""One writing transaction of the manager: its connection, its moment, and what it will tell.

All writers take turns, on PostgreSQL as on SQLite: they write in bulk, and who writes alone may
look first and then write. What a transaction did to a dataset is noted while it goes and told
once, at its end, with the dataset as it then is.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import datasets_by_uid
from penstock_core.clock import now
from penstock_core.eventlog import NewEvent
from penstock_core.store import Store

_LOCK = 0x44534D  # "DSM": the advisory lock of the manager's writers
REGISTERED = "dataset.registered"
CHANGED = "dataset.changed"
CLOSED = "dataset.closed"
DELETED = "dataset.deleted"
FILES = "file.registered"


@dataclass
class Work:
    """A transaction that writes. ``at`` is its moment as ISO 8601 text, as the tables hold it."""

    connection: AsyncConnection
    at: str
    _told: dict[tuple[str, str], None] = field(default_factory=dict)
    _files: Counter[str] = field(default_factory=Counter)
    _events: list[NewEvent] = field(default_factory=list)

    def tell_event(self, event: NewEvent) -> None:
        """Note an event that is complete already."""
        self._events.append(event)

    def tell(self, topic: str, uid: str) -> None:
        """Note that ``topic`` is to be told of a dataset; twice is once."""
        self._told[topic, uid] = None

    def tell_files(self, uid: str, files: int) -> None:
        """Note that a dataset got ``files`` more files."""
        self._files[uid] += files

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """Do a part of the work that, when it raises, leaves nothing behind."""
        told, files, events = dict(self._told), Counter(self._files), list(self._events)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            self._told, self._files, self._events = told, files, events
            raise

    async def number(self, table: Table) -> int:
        """Return the next free ``id`` of ``table``."""
        return (await self.connection.scalar(select(func.max(table.c.id))) or 0) + 1

    async def finish(self) -> None:
        """Append what is to be told to the event log."""
        told = [(t, uid) for t, uid in self._told if not self._said_already(t, uid)]
        rows = await datasets_by_uid(self.connection, [uid for _, uid in told] + list(self._files))
        events = [
            NewEvent(topic, uid, rows[uid].namespace, rows[uid].model_dump(mode="json"))
            for topic, uid in told
        ]
        events += _file_events(self._files.items(), {u: r.namespace for u, r in rows.items()})
        await tables.event_log.append(self.connection, events + self._events)

    def _said_already(self, topic: str, uid: str) -> bool:
        """Say whether another event of this transaction shows the same: all show the end."""
        return topic == CHANGED and any(
            (t, uid) in self._told for t in (REGISTERED, CLOSED, DELETED)
        )


def _file_events(counts: Iterable[tuple[str, int]], namespaces: dict[str, str]) -> list[NewEvent]:
    return [
        NewEvent(FILES, uid, namespaces[uid], {"uid": uid, "files": files}) for uid, files in counts
    ]


@asynccontextmanager
async def begin_work(store: Store) -> AsyncIterator[Work]:
    """Give a transaction that writes, alone; committed at the end with what it tells."""
    async with store.write() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        work = Work(connection, now().isoformat(timespec="microseconds"))
        yield work
        await work.finish()
