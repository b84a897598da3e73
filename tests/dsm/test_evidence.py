"""What closing sees of open datasets, and the forecasts made of it."""

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from tests.dsm.closing import close, named, send, set_rule, stf

from dsm.manager.tables import MAY_CLOSE
from penstock_core.contracts.dsm import Announcement, CloseRequest, NewDataset
from penstock_core.migrations import upgrade
from penstock_core.states import DatasetKind, RunState

OUTPUT = NewDataset(name="swf.1.run.v1", kind=DatasetKind.OUTPUT, producer="task-1")


def told(kind, run="1", at="00", **more):
    stamp = f"2026-01-01T00:{at}:00"
    return kind, {"run_id": run, "msg_type": kind, "timestamp": stamp, "sender": "ctl"} | more


async def tell(world, *messages):
    for key, body in messages:
        assert (await world.daq(key, body)).status == "OK"


async def seen(world, name="swf.1.run"):
    (found,) = [e for e in (await world.dsm.closing()).items if e.name == name]
    return found


async def test_a_run_is_seen_with_its_state_and_the_streams_that_go_on(world):
    await tell(world, told("run_imminent"), told("start_run", at="01"))
    await world.daq("stf_ready", stf(1, sender="daq1"), stf(2, sender="daq2"))
    assert (await seen(world)).runs[0].going == ()
    await tell(world, told("pause_run", at="02"), told("end_run", at="03", sender="daq1"))

    found = await seen(world)
    (run,) = found.runs
    assert (run.run, run.state) == ("1", RunState.PAUSED)
    assert "daq2" in run.going
    assert "daq1" not in run.going
    assert run.heard_at >= found.opened_at
    assert (found.rule, found.announced, found.later) == ("default-run", None, None)


async def test_the_first_run_that_started_after_it_is_the_later_one(world):
    await tell(world, told("start_run", "1", "01"), told("start_run", "0", "00"))
    assert (await seen(world)).later is None
    await tell(world, told("run_imminent", "4", "02"))
    assert (await seen(world)).later is None
    await tell(world, told("start_run", "3", "09"), told("start_run", "2", "05"))
    await tell(world, ("start_run", told("start_run", "9", "02")[1] | {"namespace": "tester"}))

    later = (await seen(world)).later
    assert later is not None
    assert (later.run, later.heard_at) == ("2", (await seen(world, "swf.2.run")).runs[0].heard_at)
    assert (await seen(world, "swf.3.run")).later is None


async def test_of_a_run_that_has_not_started_only_such_are_later_as_came_to_be_known_later(world):
    await tell(world, told("start_run", "1", "05"), told("run_imminent", "2", "01"))
    assert (await seen(world, "swf.2.run")).later is None
    await tell(world, told("start_run", "3", "06"))
    later = (await seen(world, "swf.2.run")).later
    assert later is not None
    assert later.run == "3"


async def test_what_a_silent_run_lacks_is_named_and_of_one_that_takes_data_not_asked(world):
    await tell(world, told("start_run"))
    await world.daq("stf_ready", stf(1), stf(3))
    assert (await seen(world)).missing == ()
    await set_rule(world, "silent", "swf.*", idle_timeout_s=0)
    assert (await seen(world)).missing == ("STF 2",)


async def test_runs_of_one_dataset_are_not_later_than_each_other(world):
    shared = {"dataset": "swf.day1"}
    await tell(
        world, told("start_run", "1", "01", **shared), told("start_run", "2", "02", **shared)
    )
    found = await seen(world, "swf.day1")
    assert ([run.run for run in found.runs], found.later) == (["1", "2"], None)


async def test_accepted_loss_is_seen_with_who_and_why(world):
    (made,) = await world.dsm.create_datasets([OUTPUT])
    end = Announcement(uid=made.uid, files=0, producer="task-1")
    await world.dsm.announce([end])
    loss = end.model_copy(
        update={"accepted_loss": True, "actor": "olga", "because": "bad node", "incomplete": True}
    )
    (outcome,) = await world.dsm.announce([loss])

    assert outcome.ok
    found = await seen(world, OUTPUT.name)
    assert (found.accepted_by, found.accepted_because) == ("olga", "bad node")
    assert found.incomplete
    request = CloseRequest(uid=made.uid, revision=found.revision, rule="accepted_loss", because="x")
    await world.dsm.close_datasets([request])
    closed = await world.dsm.dataset(made.uid)
    assert (closed.closed_rule, closed.incomplete) == ("accepted_loss", True)


async def test_open_datasets_are_told_when_they_close_and_others_nothing(world, storage):
    await send(world, storage, "a.raw", 1)
    await send(world, storage, "b.raw", 1)
    await close(world, "b.raw")
    uids = [(await named(world, name)).uid for name in ("b.raw", "a.raw")]
    (forecast,) = await world.dsm.forecasts([*uids, "nobody"])
    assert (forecast.uid, forecast.at) == (uids[1], None)
    assert forecast.text.startswith("stays open until ")
    assert await world.dsm.forecasts([]) == ()


def test_only_what_may_close_is_looked_at(tmp_path):
    upgrade(f"sqlite+aiosqlite:///{tmp_path}/dsm.db", "dsm")
    engine = create_engine(f"sqlite:///{tmp_path}/dsm.db")
    query = (
        f"SELECT * FROM dataset WHERE {MAY_CLOSE} AND look_at <= '2026' AND id + 0 > 7 "
        "ORDER BY id + 0 LIMIT 500"
    )
    with engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    engine.dispose()
    assert "ix_dataset_closing" in plan


async def test_the_number_of_statements_does_not_grow_with_the_open_datasets(sqlite_world):
    counts = []
    await sqlite_world.dsm.closing()  # the first one looks at tables and opens connections
    for runs in (1, 30):
        for run in range(runs):
            await tell(sqlite_world, told("start_run", str(run), "01"))
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        page = await sqlite_world.dsm.closing()
        event.remove(Engine, "before_cursor_execute", note)
        assert len(page.items) == runs
        counts.append(len(seen))
    assert counts[0] == counts[1] < 12
