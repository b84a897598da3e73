"""SQLite with one hop a statement: what SQLAlchemy sees of it is what aiosqlite shows."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from penstock_core import one_hop
from penstock_core.one_hop import OneHopConnection
from penstock_core.store import Store

SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[OneHopConnection]:
    opened = one_hop.connect(str(tmp_path / "a.db"), isolation_level=None)
    await opened
    cursor = await opened.cursor()
    await cursor.execute("CREATE TABLE n (i INTEGER PRIMARY KEY)")
    yield opened
    await opened.close()


async def test_a_cursor_tells_what_sqlite_told(connection: OneHopConnection) -> None:
    cursor = await connection.cursor()
    assert (cursor.description, cursor.lastrowid, cursor.rowcount) == (None, None, -1)
    await cursor.executemany("INSERT INTO n VALUES (?)", [(1,), (2,), (3,)])
    assert (cursor.description, cursor.rowcount) == (None, 3)
    await cursor.execute("SELECT i FROM n ORDER BY i")
    assert cursor.description[0][0] == "i"
    assert await cursor.fetchall() == [(1,), (2,), (3,)]
    with pytest.raises(sqlite3.IntegrityError):
        await cursor.execute("INSERT INTO n VALUES (1)")


async def test_what_a_cancelled_statement_began_is_rolled_back(
    connection: OneHopConnection,
) -> None:
    cursor = await connection.cursor()
    await cursor.execute("BEGIN")
    await cursor.execute("COMMIT")
    # The thread is busy: BEGIN lies in its queue when its caller is cancelled.
    busy = asyncio.create_task(cursor.execute(f"{SLOW} SELECT count(*) FROM n"))
    await asyncio.sleep(0)
    beginning = asyncio.create_task((await connection.cursor()).execute("BEGIN"))
    await asyncio.sleep(0)
    beginning.cancel()
    await asyncio.gather(beginning, return_exceptions=True)
    await connection.rollback()
    await busy
    assert not connection.in_transaction


async def test_a_store_undoes_a_cancelled_transaction(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    async with store.write() as writer:
        await writer.execute(text("CREATE TABLE n (i INTEGER PRIMARY KEY)"))

    async def add_slowly() -> None:
        async with store.write() as writer:
            await writer.execute(text(f"INSERT INTO n {SLOW} SELECT i FROM n"))
            await asyncio.sleep(60)

    for delay_s in (0.0, 0.001, 0.02, 0.3):
        adding = asyncio.create_task(add_slowly())
        await asyncio.sleep(delay_s)
        adding.cancel()
        await asyncio.gather(adding, return_exceptions=True)
        async with store.write() as writer:
            assert await writer.scalar(text("SELECT count(*) FROM n")) == 0
    with pytest.raises(IntegrityError):
        async with store.write() as writer:
            await writer.execute(text("INSERT INTO n VALUES (1), (1)"))
    await store.close()
