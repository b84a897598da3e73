"""Many jobs cost as many statements as a few: they start, and are reported, together."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from penstock_core.contracts.workflow import Environment
from penstock_core.errors import Stale
from penstock_core.migrations import upgrade
from penstock_core.states import JobState
from penstock_core.store import Store
from pilot import jobs, reports, tasks
from pilot.tables import job, report

MANY = 40
PLACE = Environment(system="a", engine="b", python="c", platform="d", sandbox="e")


@pytest.fixture
async def store(world, make_step, tmp_path: Path) -> AsyncIterator[Store]:
    """Give a store with one task of many jobs."""
    url = f"sqlite+aiosqlite:///{tmp_path}/pilot.db"
    await asyncio.to_thread(upgrade, url, "pilot")
    store = Store(url)
    async with store.write() as connection:
        await tasks.submit(connection, [world.task(make_step("true"))])
        await jobs.add(connection, 1, range(MANY))
    yield store
    await store.close()


async def test_jobs_start_together(store: Store) -> None:
    statements = _noted(store)
    async with store.write() as connection:
        claims = await jobs.claim(connection, MANY, "here", PLACE)
    assert [claim.index for claim in claims] == list(range(MANY))
    assert len(statements) < MANY / 4
    async with store.read() as connection:
        started = select(func.count()).where(
            job.c.state == JobState.RUNNING, job.c.attempts == 1, job.c.host == "here"
        )
        assert await connection.scalar(started) == MANY
    async with store.write() as connection:
        assert await jobs.claim(connection, MANY, "there", PLACE) == []


async def test_jobs_move_all_or_none(store: Store) -> None:
    async with store.write() as connection:
        await jobs.move(connection, 2, JobState.DEFINED, JobState.RUNNING)
    with pytest.raises(Stale, match="not DEFINED any more"):
        async with store.write() as connection:
            await jobs.move_all(connection, [1, 2, 3], JobState.DEFINED, JobState.RUNNING)
    async with store.read() as connection:
        running = select(job.c.id).where(job.c.state == JobState.RUNNING)
        assert list(await connection.scalars(running)) == [2]


async def test_jobs_move_together_each_with_values_of_its_own(store: Store) -> None:
    before, after = JobState.DEFINED, JobState.RUNNING
    async with store.write() as connection:
        statements = _noted(store)
        values = {number: {"host": f"host{number}", "manifest": None} for number in (1, 2, 3)}
        await jobs.move_each(connection, before, after, values)
        await jobs.move_each(connection, before, after, {})
        assert len(statements) == 1
    again = {3: {"host": "x"}, 4: {"host": "x"}}
    with pytest.raises(Stale, match="not DEFINED any more"):
        async with store.write() as connection:
            await jobs.move_each(connection, before, after, again)
    async with store.read() as connection:
        query = select(job.c.id, job.c.host).where(job.c.state == after, job.c.manifest.is_(None))
        moved = (await connection.execute(query)).tuples().all()
    assert dict(moved) == {1: "host1", 2: "host2", 3: "host3"}


async def test_jobs_are_reported_together_and_in_order(store: Store) -> None:
    statements = _noted(store)
    async with store.write() as connection:
        await reports.add_jobs(connection, range(MANY, 0, -1))
    assert len(statements) < MANY / 4
    async with store.read() as connection:
        page = await reports.page(connection, 0, MANY)
        assert await connection.scalar(select(func.count()).select_from(report)) == MANY
    assert [each.job.index for each in page.reports if each.job] == list(range(MANY))


def _noted(store: Store) -> list[str]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(store.writer.sync_engine, "before_cursor_execute", note)
    return statements
