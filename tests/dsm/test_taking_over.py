"""A store of before runs were folded: what its rows say becomes facts, and nothing is lost."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from tests.dsm.conftest import open_world

BEFORE = "0002"
DATASET = """
    INSERT INTO dataset (id, uid, namespace, scope, name, kind, state, metadata, producer, files,
        size_bytes, announced, announced_by, incomplete, revision, opened_at, closed_because,
        closed_by)
    VALUES ({n}, 'uid-{n}', 'default', 'group.daq', 'swf.{n}.run', 'input', 'OPEN', '{{}}', 'daq',
        0, 0, NULL, '', FALSE, 0, '2026-01-01T00:00:00+00:00', '', '')
"""
RUN = """
    INSERT INTO run (id, namespace, run, dataset_id, state, state_at, state_tick, conditions,
        started_at, ended_at)
    VALUES ({n}, 'default', '{n}', {n}, '{state}', '{at}', -1, '{{}}', {started}, {ended})
"""
START, END = "2026-01-01T00:00:10.000000+00:00", "2026-01-01T00:01:00.000000+00:00"


def old_store(url):
    """Make a store of the revision before, with runs that ended, pause, and were only named."""
    config = Config()
    config.set_main_option("script_location", str(files("dsm") / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    command.upgrade(config, BEFORE)
    engine = create_engine(url)
    rows = [
        (1, "ENDED", END, f"'{START}'", f"'{END}'"),
        (2, "PAUSED", END, f"'{START}'", "NULL"),
        (3, "IMMINENT", "", "NULL", "NULL"),
    ]
    with engine.begin() as connection:
        for n, state, at, started, ended in rows:
            connection.execute(text(DATASET.format(n=n)))
            values = {"n": n, "state": state, "at": at, "started": started, "ended": ended}
            connection.execute(text(RUN.format(**values)))
        connection.execute(text("INSERT INTO stream VALUES (1, 'daq', 1, TRUE, 5)"))
        connection.execute(
            text("INSERT INTO stf VALUES (1, 'swf.1.000007.stf', 'daq', 7, 9, '', FALSE)")
        )
    engine.dispose()
    return config


async def test_runs_of_before_are_folded_from_what_was_known(tmp_path: Path, database_url: str):
    old_store(database_url or f"sqlite:///{tmp_path}/dsm.db")
    async with open_world(tmp_path, database_url) as world:
        before = {r.run: r for r in (await world.dsm.runs()).items}
        assert {n: str(r.state) for n, r in before.items()} == {
            "1": "ENDED",
            "2": "PAUSED",
            "3": "IMMINENT",
        }
        start = {"run_id": "1", "timestamp": "2026-01-01T00:00:10", "sender": "daq"}
        await world.daq("start_run", start, start | {"run_id": "3"})
        after = {r.run: str(r.state) for r in (await world.dsm.runs()).items}
        assert after == {"1": "ENDED", "2": "PAUSED", "3": "RUNNING"}

        run = await world.dsm.run("1")
        assert run.run.ended_at == before["1"].ended_at
        (stream,) = run.streams
        assert (stream.name, stream.announced, stream.total, stream.last) == ("daq", 1, 5, 7)


def test_the_way_back_leads_to_the_revision_before(tmp_path: Path):
    config = old_store(f"sqlite:///{tmp_path}/dsm.db")
    command.upgrade(config, "0003")
    command.downgrade(config, BEFORE)
    command.upgrade(config, "0003")
    engine = create_engine(f"sqlite:///{tmp_path}/dsm.db")
    with engine.connect() as connection:
        partial = connection.scalar(
            text("SELECT sql FROM sqlite_master WHERE name = 'ix_stf_missing'")
        )
        facts = connection.execute(text("SELECT run_id, type FROM run_fact ORDER BY 1, 2")).all()
    engine.dispose()
    assert "WHERE" in partial
    assert list(map(tuple, facts)) == [
        (1, "end_run"),
        (1, "start_run"),
        (2, "pause_run"),
        (2, "start_run"),
    ]
