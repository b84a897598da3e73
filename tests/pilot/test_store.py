"""The pilot's store: its migrations make what the tables say, and keep what is under way."""

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from penstock_core.migrations import upgrade
from pilot.tables import metadata


async def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/pilot.db"
    await asyncio.to_thread(upgrade, url, "pilot")
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
