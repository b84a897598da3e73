"""ePIC's agents are told once for each run that its data are ready."""

import asyncio
import json

from tests.dsm.test_runs import LIVE, tell

from dsm.manager.runs.data_ready import DataReady
from dsm.manager.tables import event_log
from penstock_core.contracts.dsm import CloseRequest
from penstock_core.store import Store


async def close(world, uid):
    dataset = await world.dsm.dataset(uid)
    request = CloseRequest(uid=uid, revision=dataset.revision, rule="count", because="all here")
    (result,) = await world.dsm.close_datasets([request])
    assert result.outcome == "closed"


async def on_the_bus(world, count):
    subscription = await world.house.bus.subscribe("dsm.daq")
    found = []
    while len(found) < count:
        found += await subscription.batch(10, 5)
    assert await subscription.batch(10, 0.3) == []
    await subscription.acknowledge(found)
    await subscription.close()
    return [delivery.message for delivery in found]


async def test_a_run_whose_dataset_has_closed_is_told_of_once(world):
    await tell(world, *LIVE)
    store = Store(world.house.settings.database("dsm"))
    data_ready = DataReady(store, world.house.bus)
    await data_ready.emit()
    run = (await world.dsm.run("102363")).run
    await close(world, run.dataset_uid)
    await data_ready.emit()
    await data_ready.emit()

    (message,) = await on_the_bus(world, 1)
    body = json.loads(message.body)
    assert (message.exchange, message.routing_key) == ("daq", "data_ready")
    assert message.headers["namespace"] == "default"
    assert (body["msg_type"], body["run_id"], body["sender"]) == (
        "data_ready",
        "102363",
        "penstock",
    )
    assert (body["dataset"], body["files"], body["incomplete"]) == ("swf.102363.run", 3, False)
    assert "filename" not in body
    await store.close()


async def test_killed_before_its_cursor_moved_it_says_the_same_again(sqlite_world):
    await tell(sqlite_world, *LIVE)
    run = (await sqlite_world.dsm.run("102363")).run
    await close(sqlite_world, run.dataset_uid)
    store = Store(sqlite_world.house.settings.database("dsm"))
    data_ready = DataReady(store, sqlite_world.house.bus)
    await data_ready.emit()
    async with store.write() as connection:
        follower = "daq:data_ready"
        await event_log.move(connection, follower, await event_log.cursor(connection, follower), 0)
    await data_ready.emit()

    first, again = await on_the_bus(sqlite_world, 2)
    assert (first.message_id, first.body) == (again.message_id, again.body)
    await store.close()


async def test_our_own_one_that_comes_back_is_noted_and_tells_nothing(sqlite_world):
    await tell(sqlite_world, *LIVE)
    before = (await sqlite_world.dsm.run("102363")).run
    await close(sqlite_world, before.dataset_uid)
    async with sqlite_world.register(), asyncio.timeout(20):
        while not (await sqlite_world.dsm.journal(message_type="data_ready")).items:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
    (entry,) = (await sqlite_world.dsm.journal(message_type="data_ready")).items
    after = await sqlite_world.dsm.run("102363")

    assert (entry.sender_agent, entry.outcome, entry.run) == ("penstock", "OK", "102363")
    assert after.run == before.model_copy(update={"total": 3})
    assert [(f.message, f.sender) for f in after.facts][-1] == ("data_ready", "penstock")
