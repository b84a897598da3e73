"""SQLite on aiosqlite, with one hop to its thread for each statement instead of four.

SQLAlchemy makes a cursor, executes, fetches all rows and closes the cursor, and aiosqlite hands
each of them to the connection's thread. Two threads that hand work to each other take turns at
the interpreter's lock, which costs more than most of our statements: here what SQLAlchemy calls
in a row is done in one go.
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import aiosqlite

_CHUNK = 64


def connect(database: str, **options: Any) -> "OneHopConnection":
    """Return a connection to await; for ``async_creator_fn`` of SQLAlchemy's aiosqlite dialect."""
    return OneHopConnection(lambda: sqlite3.connect(database, **options), iter_chunk_size=_CHUNK)


class OneHopConnection(aiosqlite.Connection):
    """A connection that goes to its thread only when there is something to do."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        self._thread.daemon = True
        self._is_settled = True

    async def cursor(self) -> "OneHopCursor":  # type: ignore[override]
        """Return a cursor; the thread makes its own when it executes."""
        return OneHopCursor(self)

    async def commit(self) -> None:
        """Commit, where there is a transaction."""
        if self._may_be_in_transaction():
            await super().commit()

    async def rollback(self) -> None:
        """Roll back, where there is a transaction."""
        if self._may_be_in_transaction():
            await super().rollback()

    def _may_be_in_transaction(self) -> bool:
        # Whoever was cancelled while a statement ran does not know what it has begun since.
        return not self._is_settled or self.in_transaction

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._is_settled = False
        result = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        self._is_settled = True
        return result

    async def run(self, method: str, sql: str, values: Iterable[Any]) -> "Done":
        """Return what ``execute`` or ``executemany`` of a new cursor gave, its rows fetched."""
        done: Done = await self._execute(_run, self._conn, method, sql, values)
        return done


class Done:
    """A statement that was executed: what a cursor of sqlite3 tells of it, and all its rows."""

    __slots__ = ("description", "lastrowid", "rowcount", "rows")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self.rows: list[Any] = cursor.fetchall() if cursor.description else []
        self.lastrowid = cursor.lastrowid
        self.rowcount = cursor.rowcount


def _run(connection: sqlite3.Connection, method: str, sql: str, values: Iterable[Any]) -> Done:
    cursor = connection.cursor()
    try:
        getattr(cursor, method)(sql, values)
        return Done(cursor)
    finally:
        cursor.close()


class OneHopCursor:
    """What SQLAlchemy asks of a cursor of aiosqlite."""

    __slots__ = ("_connection", "_done")

    def __init__(self, connection: OneHopConnection) -> None:
        self._connection = connection
        self._done: Done | None = None

    async def execute(self, sql: str, values: Iterable[Any] = ()) -> None:
        """Execute one statement and fetch its rows."""
        self._done = await self._connection.run("execute", sql, values)

    async def executemany(self, sql: str, values: Iterable[Iterable[Any]]) -> None:
        """Execute one statement with each set of values."""
        self._done = await self._connection.run("executemany", sql, values)

    async def fetchall(self) -> list[Any]:
        """Return the rows, which are here already."""
        return self._done.rows if self._done else []

    async def close(self) -> None:
        """Do nothing: the thread has closed its cursor."""

    @property
    def description(self) -> Any:
        return self._done and self._done.description

    @property
    def lastrowid(self) -> int | None:
        return self._done.lastrowid if self._done else None

    @property
    def rowcount(self) -> int:
        return self._done.rowcount if self._done else -1
