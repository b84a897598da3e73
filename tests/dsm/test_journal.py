"""The journal of what came in: ePIC's columns, filters, and its bounds."""

import pytest
from tests.dsm.conftest import intake, open_world

from dsm.manager.messages.retention import Retention
from penstock_core.clock import parse_time
from penstock_core.errors import Stale
from penstock_core.store import Store

MONITOR = [
    "timestamp",
    "namespace",
    "message_type",
    "sender_agent",
    "source",
    "workflow",
    "is_successful",
]


async def some(world):
    """Tell three messages: two of runs, one that is refused."""
    one = {"run_id": "1", "sender": "daq-simulator", "execution_id": "wf-1", "namespace": "epic"}
    two = {"run_id": 2, "ts": "2026-01-01T00:00:05"}
    letters = [
        intake("daq", "start_run", one, sender="daq"),
        intake("daq", "end_run", two, sender="tester"),
        intake("daq", "stf_gen", {"run_id": "1"}),
    ]
    letters[1] = letters[1].model_copy(update={"timestamp": parse_time("2026-01-02T00:00:00")})
    await world.dsm.take_in(letters)


async def test_it_has_the_columns_of_their_monitor(world):
    await some(world)
    (first, second, third) = (await world.dsm.journal()).items

    assert [getattr(first, name) for name in MONITOR] == [
        parse_time("2026-01-01T00:00:00"),
        "epic",
        "start_run",
        "daq-simulator",
        "daq",
        "wf-1",
        True,
    ]
    assert (first.run, first.posted_by, first.outcome) == ("1", "daq", "OK")
    assert (second.sender_agent, second.workflow, second.run) == ("tester", "", "2")
    assert (third.is_successful, third.outcome) == (False, "ERROR")
    assert "filename" in third.details


@pytest.mark.parametrize(
    ("wanted", "types"),
    [
        ({"message_type": "end_run"}, ["end_run"]),
        ({"sender_agent": "daq-simulator"}, ["start_run"]),
        ({"namespace": "epic"}, ["start_run"]),
        ({"workflow": "wf-1"}, ["start_run"]),
        ({"source": "dsm.register"}, []),
        ({"run": "2"}, ["end_run"]),
        ({"is_successful": False}, ["stf_gen"]),
        ({"is_successful": True, "newest": True}, ["end_run", "start_run"]),
        ({"since": "2026-01-01T12:00:00Z"}, ["end_run"]),
        ({"until": "2026-01-01T12:00:00Z"}, ["start_run", "stf_gen"]),
    ],
)
async def test_it_is_asked_by_any_column(sqlite_world, wanted, types):
    await some(sqlite_world)
    page = await sqlite_world.dsm.journal(**wanted)
    assert [entry.message_type for entry in page.items] == types


async def test_it_is_read_from_either_end(sqlite_world):
    await some(sqlite_world)
    first = await sqlite_world.dsm.journal(newest=True, limit=2)
    rest = await sqlite_world.dsm.journal(newest=True, limit=2, after=first.next or 0)
    assert [e.message_type for e in (*first.items, *rest.items)] == [
        "stf_gen",
        "end_run",
        "start_run",
    ]
    assert rest.next is None


async def test_it_is_bounded_and_who_falls_behind_is_told(tmp_path, database_url):
    async with open_world(tmp_path, database_url) as world:
        store = Store(world.house.settings.database("dsm"))
        for n in range(10):
            await world.daq("start_run", {"run_id": str(n)})
        retention = Retention(store, days=1, rows=4)
        assert await retention.prune() is False

        kept = (await world.dsm.journal()).items
        assert [entry.run for entry in kept] == ["6", "7", "8", "9"]
        with pytest.raises(Stale, match=r"up to .* were dropped; yours ends at 1") as told:
            await world.dsm.journal(after=1)
        page = await world.dsm.journal(after=told.value.facts["dropped_to"])
        assert page.items == kept

        await Retention(store, days=1e-9, rows=100).prune()
        (newest,) = (await world.dsm.journal()).items
        await world.daq("start_run", {"run_id": "10"})
        page = await world.dsm.journal(after=newest.id)
        assert [entry.run for entry in page.items] == ["10"]
        await store.close()


async def test_one_id_and_body_for_two_namespaces_are_two_messages(sqlite_world):
    body = {"run_id": "7"}
    letters = [
        intake("daq", "start_run", body, "id-1", namespace=name) for name in ("one", "two", "one")
    ]
    outcomes = await sqlite_world.dsm.take_in(letters)
    assert [outcome.status for outcome in outcomes] == ["OK", "OK", "REPEAT"]
