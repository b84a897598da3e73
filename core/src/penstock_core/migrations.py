"""Bringing a store's schema to the newest version, under a lock, with Alembic.

Each owner has a folder ``migrations/`` in its package with ``env.py`` (which calls
:func:`run_environment`) and ``versions/``. Two processes may start at once: one migrates, the
other waits and finds it done.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text

_LOCK = 0x4D494752  # "MIGR": the advisory lock of migrations


def upgrade(url: str, package: str) -> None:
    """Bring the store at ``url`` to the newest revision of ``package``'s migrations. Blocking."""
    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url.replace("+aiosqlite", "")
    with _one_at_a_time(url):
        command.upgrade(config, "head")


def run_environment(metadata: MetaData) -> None:
    """Run the migrations that Alembic asked for; the whole of an owner's ``env.py``."""
    engine = create_engine(str(context.config.attributes["url"]))
    if engine.dialect.name == "sqlite":
        _begin_for_ddl_too(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def _begin_for_ddl_too(engine: Engine) -> None:
    """Have a migration be one transaction: sqlite3 by itself commits each table as it is made.

    Killed in the middle it leaves what was there before, and not half a schema.
    """

    @event.listens_for(engine, "connect")
    def _leave_it_to_us(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _one_at_a_time(url: str) -> Iterator[None]:
    """Hold a file lock beside a SQLite file; PostgreSQL is locked inside the transaction."""
    if not url.startswith("sqlite"):
        yield
        return
    path = Path(url.split(":///", 1)[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
