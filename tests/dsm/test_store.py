"""The store: its migrations make what the tables say, and its history costs nothing."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from tests.dsm.conftest import told_file

import dsm.manager.inspection.tables  # noqa: F401
from dsm.manager.tables import metadata
from penstock_core.migrations import upgrade


def test_the_migrations_make_the_tables(tmp_path, database_url):
    url = database_url or f"sqlite+aiosqlite:///{tmp_path}/dsm.db"
    upgrade(url, "dsm")
    upgrade(url, "dsm")
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_the_number_of_statements_does_not_grow_with_the_files(sqlite_world, storage):
    counts = []
    for files in (1, 100):
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        body = {
            "datasetName": f"a{files}",
            "files": [told_file(storage, f"{files}-{n}", sequence=n) for n in range(files)],
        }
        event.listen(Engine, "before_cursor_execute", note)
        await sqlite_world.tell("file.input", body)
        event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(seen))

    assert counts[0] == counts[1]
    assert counts[0] < 25


@pytest.mark.parametrize("package", ["dsm", "data_access", "pilot"])
def test_a_migration_that_is_cut_off_leaves_nothing_behind(tmp_path, package):
    url = f"sqlite+aiosqlite:///{tmp_path}/cut.db"
    cut_after = 4

    def cut(_connection, _cursor, statement, *_rest, made=[0]):  # noqa: B006 - a counter
        made[0] += statement.lstrip().startswith("CREATE")
        if made[0] > cut_after:
            raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", cut)
    try:
        with pytest.raises(KeyboardInterrupt):
            upgrade(url, package)
    finally:
        event.remove(Engine, "before_cursor_execute", cut)
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM sqlite_master")).all() == []
    engine.dispose()
    upgrade(url, package)
