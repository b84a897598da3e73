"""One owner's database: SQLite (one file, one writer) or PostgreSQL, behind two verbs.

``async with store.write() as connection`` is one transaction that writes; ``store.read()`` is one
consistent snapshot. On SQLite the writer is a single connection whose transactions begin
IMMEDIATE (so two never deadlock on an upgrade) and readers see the last commit (WAL). On
PostgreSQL readers are REPEATABLE READ. SQLAlchemy's errors about the connection leave as
``StoreUnavailable``, those about a value that no column takes as ``InvalidInput``; an integrity
error is a defect of the caller and leaves as it is.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData, event, text
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from penstock_core import one_hop
from penstock_core.errors import InvalidInput, StoreUnavailable

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
READERS = 4
PAGES_KIB = 512
"""The pages that one connection keeps; the operating system keeps the file once for all."""
STATEMENTS = 64
"""The prepared statements that one connection keeps; each number of values makes another."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"cache_size=-{PAGES_KIB}",
)


def new_metadata() -> MetaData:
    """Return empty metadata with the naming convention that migrations rely on."""
    return MetaData(naming_convention=NAMING)


class Store:
    """A database that belongs to one service.

    Parameters
    ----------
    url
        ``sqlite+aiosqlite:///…`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._after_commit: list[Callable[[], None]] = []
        if self.is_sqlite:
            self.writer = _sqlite_engine(url, "IMMEDIATE", 1)
            self.reader = _sqlite_engine(url, "DEFERRED", READERS)
        else:
            self.writer = create_async_engine(url, pool_pre_ping=True)
            self.reader = self.writer.execution_options(isolation_level="REPEATABLE READ")

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have ``call`` called after each commit of a writing transaction (to wake a follower)."""
        self._after_commit.append(call)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in one writing transaction: committed at the end, or rolled back."""
        with _our_errors():
            async with self.writer.begin() as connection:
                yield connection
        for call in self._after_commit:
            call()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one consistent snapshot and writes nothing."""
        with _our_errors():
            async with self.reader.connect() as connection, connection.begin():
                yield connection

    async def waits_for(self) -> dict[str, str]:
        """Return why it does not answer, for a service's readiness; empty where it does."""
        try:
            async with self.read() as connection:
                await connection.execute(text("SELECT 1"))
        except StoreUnavailable as error:
            return {"database": str(error)}
        return {}

    async def close(self) -> None:
        """Give all connections back."""
        await self.writer.dispose()
        await self.reader.dispose()


class _our_errors:  # noqa: N801 - used as a statement
    """Translate the database's errors about connections and values into ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, DBAPIError) and _may_pass(error):
            raise StoreUnavailable(
                f"The database did not answer: {error}",
                hint="It is tried again by itself; see that the database runs and has space.",
            ) from error
        if isinstance(error, TimeoutError):
            raise StoreUnavailable(
                f"No connection to the database was free in time: {error}",
                hint="It is tried again by itself; look for long transactions.",
            ) from error
        if isinstance(error, DataError | OverflowError):
            reason = error.orig if isinstance(error, DataError) else error
            raise InvalidInput(
                f"The database takes no such value: {reason}",
                hint="Look for a text that is too long or holds NUL, or a number too large.",
            ) from error


def _may_pass(error: DBAPIError) -> bool:
    """Return whether the same statement may succeed later: no connection, locked, disk full.

    SQLite calls wrong SQL an operational error too; that one is a defect of ours.
    """
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _sqlite_engine(url: str, begin: str, connections: int) -> AsyncEngine:
    # The connection used last goes first: its pages and statements serve most transactions.
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=60,
        pool_use_lifo=True,
        connect_args={
            "async_creator_fn": one_hop.connect,
            "timeout": 30,
            "cached_statements": STATEMENTS,
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # SQLAlchemy's own BEGIN below, not sqlite3's
        cursor = dbapi.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_explicitly(connection: Any) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine
