"""A store on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penstock_core.eventlog import EventLog
from penstock_core.store import Store, new_metadata

METADATA = new_metadata()
LOG = EventLog(METADATA)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A store with the two tables of an event log."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres_dsn")
    found = Store(url)
    async with found.writer.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield found
    await found.close()


@pytest.fixture
def log() -> EventLog:
    """The event log of ``store``."""
    return LOG
