"""A store: one writer, snapshots for readers, and errors that say whether to try again."""

import asyncio
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from penstock_core.errors import StoreUnavailable
from penstock_core.eventlog import EventLog, NewEvent
from penstock_core.store import PAGES_KIB, READERS, Store


async def count(store: Store) -> int:
    async with store.read() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM event")) or 0)


async def drivers_threads_ended() -> None:
    """Wait for the threads of SQLite's driver: one whose connection failed ends by itself."""
    async with asyncio.timeout(5):
        while any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


async def test_many_writers_at_once_all_get_through(store: Store, log: EventLog) -> None:
    async def write() -> None:
        async with store.write() as connection:
            before = await connection.scalar(text("SELECT count(*) FROM event"))
            await log.append(connection, [NewEvent("t", str(before), "default")])

    await asyncio.gather(*(write() for _ in range(25)))
    assert await count(store) == 25


async def test_a_reader_sees_one_moment(store: Store, log: EventLog) -> None:
    async with store.read() as connection:
        before = await connection.scalar(text("SELECT count(*) FROM event"))
        async with store.write() as writer:
            await log.append(writer, [NewEvent("t", "k", "default")])
        assert await connection.scalar(text("SELECT count(*) FROM event")) == before
    assert await count(store) == 1


async def test_wrong_sql_is_a_defect_and_not_retried(store: Store) -> None:
    with pytest.raises(DBAPIError):
        async with store.read() as connection:
            await connection.execute(text("SELECT nonsense FROM nowhere"))


async def test_a_connection_that_is_not_free_in_time_is_retriable(store: Store) -> None:
    pool = store.writer.sync_engine.pool
    assert isinstance(pool, QueuePool)
    pool._timeout = 0.05
    async with AsyncExitStack() as stack:
        for _ in range(pool.size() + max(pool._max_overflow, 0)):
            await stack.enter_async_context(store.write())
        with pytest.raises(StoreUnavailable, match="free"):
            async with store.write():
                pass


async def test_a_database_that_is_away_is_retriable(tmp_path: Path) -> None:
    for url in (
        f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}",
        "postgresql+psycopg://nobody@127.0.0.1:9/none",
    ):
        away = Store(url)
        with pytest.raises(StoreUnavailable):
            await count(away)
        await away.close()
        await drivers_threads_ended()


async def test_after_a_rush_one_reader_serves_those_who_come_one_by_one(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    async with AsyncExitStack() as rush:
        for _ in range(READERS):
            await rush.enter_async_context(store.read())
    served = set()
    for _ in range(3 * READERS):
        async with store.read() as connection:
            served.add((await connection.get_raw_connection()).driver_connection)
    await store.close()
    assert len(served) == 1


async def test_each_connection_to_sqlite_keeps_few_pages(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    for connect in (store.read, store.write):
        async with connect() as connection:
            assert await connection.scalar(text("PRAGMA cache_size")) == -PAGES_KIB
    await store.close()
