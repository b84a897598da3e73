"""From the bus through the register to the manager, and back as replies."""

import asyncio
import json

import pytest
from tests.dsm.conftest import open_world, told_file

from dsm.intake import as_intake
from penstock_core.bus import Message
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.contracts.dsm import NewDataset
from penstock_core.contracts.intake import PostedMessage
from penstock_core.errors import Forbidden, InvalidInput, NotFound
from penstock_core.rights import Role
from penstock_core.topology import PENSTOCK


def request(key, body, **properties):
    return Message.of_json("dsm.register", key, body, **properties)


def said(reply):
    return json.loads(reply.body)


async def test_every_request_gets_one_final_reply(world, storage):
    bodies = [{"datasetName": f"a{n}", "files": [told_file(storage, f"f{n}")]} for n in range(3)]
    sent = [request("file.input", body, correlation_id=f"c{n}") for n, body in enumerate(bodies)]
    async with world.register():
        await world.house.bus.publish(sent)
        replies = await world.replies("file.input", 3)

    assert [r.correlation_id for r in replies] == ["c0", "c1", "c2"]
    assert all(said(r)["status"] == "OK" and set(said(r)) == {"status", "details"} for r in replies)
    assert len((await world.dsm.datasets()).items) == 3
    assert await world.house.bus.depth("dsm.register.file.input") == 0


async def test_a_repeat_is_answered_again_under_the_same_id(world, storage):
    body = {"datasetName": "a", "files": [told_file(storage, "f1")]}
    message = request("file.input", body)
    async with world.register():
        await world.house.bus.publish([message])
        (first,) = await world.replies("file.input", 1)
        await world.house.bus.publish([message])
        (again,) = await world.replies("file.input", 1)

    assert first.message_id == again.message_id != message.message_id
    assert first.body == again.body


async def test_what_is_invalid_is_answered_and_goes_to_the_dead_letters(sqlite_world, storage):
    world = sqlite_world
    broken = Message("dsm.register", "file.input", b"\xff{", correlation_id="c")
    async with world.register():
        await world.house.bus.publish([broken])
        (reply,) = await world.replies("file.input", 1)
        await _until(lambda: world.house.bus.depth("dsm.register.file.input.dead"), 1)
    subscription = await world.house.bus.subscribe("dsm.register.file.input.dead")
    (dead,) = await subscription.batch(10, 5)

    assert said(reply)["status"] == "ERROR"
    assert "the body is not JSON" in said(reply)["details"]
    assert "retrying" not in said(reply)
    assert "the body is not JSON" in dead.message.headers["reason"]
    assert dead.message.body == broken.body
    await subscription.close()


async def test_daq_facts_are_taken_and_bad_ones_kept_as_dead_letters(sqlite_world):
    world = sqlite_world
    good = Message.of_json("daq", "run_imminent", {"run_id": 5})
    bad = Message.of_json("daq", "stf_ready", {"run_id": 5, "filename": "../x"})
    async with world.register():
        await world.house.bus.publish([good, bad])
        await _until(lambda: world.house.bus.depth("dsm.daq.dead"), 1)

    assert [d.name for d in (await world.dsm.datasets()).items] == ["swf.5.run"]


async def test_while_the_manager_is_away_a_request_is_held(tmp_path):
    async with open_world(tmp_path, dsm_url="http://127.0.0.1:9") as world:
        await _hold_and_release(world)


async def _hold_and_release(world):
    (made,) = await world.dsm.create_datasets([NewDataset(name="a")])
    storages = await world.dsm.call("GET", "/api/v1/storage", list[dict])
    file = {
        "storageId": storages[0]["uid"],
        "path": "/home/test_file_process2",
        "size": 100,
        "checksum": "e742438aa8bbf4d034408f07a654308d",
    }
    async with world.register():
        await world.house.bus.publish(
            [request("file.process", {"datasetId": made.uid, "files": [file]})]
        )
        (held,) = await world.replies("file.process", 1)
        assert said(held) == {
            "status": "ERROR",
            "details": "Error occurs while registering file = /home/test_file_process2. HTTP "
            "Exception for http://127.0.0.1:9/api/v1/intake - [Errno 111] Connection refused",
            "retrying": True,
        }
        world.house.doors["127.0.0.1"] = world.house.doors["dsm"]
        (final,) = await world.replies("file.process", 1)

    assert said(final)["status"] == "OK"
    assert held.correlation_id == final.correlation_id
    assert held.message_id != final.message_id
    assert await world.house.bus.depth("dsm.register.file.process.reply") == 0
    assert (await world.dsm.dataset(made.uid)).files == 1


async def test_replies_go_where_the_request_says(sqlite_world, storage):
    world = sqlite_world
    body = {"datasetName": "a", "files": []}
    async with world.register():
        await world.house.bus.publish(
            [
                request("file.input", body, reply_to="nobody.listens"),
                request("file.input", body, reply_to="dsm.register.dataset.input.reply"),
            ]
        )
        (reply,) = await world.replies("dataset.input", 1)

    assert reply.type == "file.input.reply"
    assert await world.house.bus.depth("dsm.register.file.input") == 0


async def test_events_are_told_on_the_bus(sqlite_world, storage):
    world = sqlite_world
    subscription = await world.house.bus.subscribe("scheduler.wake")
    async with world.register():
        await world.tell("file.input", {"datasetName": "a", "files": [told_file(storage, "f1")]})
        found = []
        while len(found) < 2:
            found += await subscription.batch(10, 5)
    await subscription.close()

    registered, files = [delivery.message for delivery in found]
    assert (registered.exchange, registered.routing_key) == ("dsm.event", "dataset.registered")
    assert said(registered)["name"] == "a"
    assert (files.routing_key, said(files)["files"]) == ("file.registered", 1)


async def test_messages_may_be_posted_without_a_broker(sqlite_world, storage):
    world = sqlite_world
    daq = world.client(Role.DAQ, "daq@example.org")
    body = {"datasetName": "a", "files": [told_file(storage, "f1")]}
    async with world.register():
        await daq.post_messages("dsm.register", "file.input", [PostedMessage(body=body)])
        await world.replies("file.input", 1)
        (dataset,) = (await world.dsm.datasets()).items
        close = [PostedMessage(body={"datasetId": dataset.uid, "files": 1}, message_id="c1")]
        await daq.post_messages("dsm.register", "dataset.close", close)
        (closed,) = await world.replies("dataset.close", 1)

    assert dataset.producer == "daq@example.org"
    assert said(closed)["status"] == "OK"
    stranger = world.client(Role.DAQ, "other@example.org")
    for key in ("dataset.close", "dataset.delete", "dataset.upload"):
        with pytest.raises(Forbidden):
            await stranger.post_messages("dsm.register", key, close)
    with pytest.raises(Forbidden):
        await daq.post_messages("dsm.register", "dataset.delete", close)
    with pytest.raises(Forbidden):
        await world.client(Role.VIEWER).post_messages("daq", "end_run", close)


async def test_what_became_of_a_posted_message_is_found_by_its_id(sqlite_world, storage):
    world = sqlite_world
    path = "/api/v1/messages/dsm.register/file.input"
    bodies = [{"datasetName": "a", "files": [told_file(storage, "f1")]}, {"datasetName": "a"}]
    posted = await world.dsm.call("POST", path, dict, body=[{"body": body} for body in bodies])
    async with world.register():
        await world.replies("file.input", 2)
    found = []
    for message_id in posted["message_ids"]:
        page = await world.dsm.call(
            "GET", "/api/v1/journal", dict, params={"message_id": message_id}
        )
        found += page["items"]
    assert [entry["outcome"] for entry in found] == ["OK", "ERROR"]
    assert found[1]["error"]["field"] == "files"


async def test_only_known_messages_are_posted(sqlite_world):
    with pytest.raises(NotFound, match="takes no message 'nonsense'"):
        await sqlite_world.dsm.post_messages("daq", "nonsense", [])
    with pytest.raises(InvalidInput, match="exchange"):
        await sqlite_world.dsm.post_messages("dsm.event", "dataset.closed", [])


def test_bytes_that_are_no_text_stay_recognisable():
    assert as_intake(Message("daq", "stf_gen", b"a\xff")).body == "a\\xff"


async def test_equal_requests_without_ids_are_two_requests(sqlite_world):
    world = sqlite_world
    (made,) = await world.dsm.create_datasets([NewDataset(name="a")])
    message = request("dataset.close", {"datasetId": made.uid}, message_id="")
    async with world.register():
        await world.house.bus.publish([message, message])
        one, two = await world.replies("dataset.close", 2)

    assert said(one) == said(two)
    assert one.message_id != two.message_id
    journal = await world.dsm.call("GET", "/api/v1/journal", dict)
    assert len(journal["items"]) == 2


@pytest.mark.servers
async def test_foreign_programs_speak_over_rabbitmq(tmp_path, rabbitmq):
    bus = RabbitBus(PENSTOCK, rabbitmq.url)
    async with open_world(tmp_path, bus=bus) as world, world.register():
        message = request("file.input", {"datasetName": "a", "files": []}, message_id="")
        stray = request("file.input", {"datasetName": "b", "files": []}, reply_to="nobody")
        broken = Message("dsm.register", "dataset.input", b"{", correlation_id="c")
        await bus.publish([message, stray, broken])
        (reply,) = await world.replies("file.input", 1)
        (refused,) = await world.replies("dataset.input", 1)

        assert said(reply)["status"] == "OK"
        assert (refused.correlation_id, said(refused)["status"]) == ("c", "ERROR")
        await _until(lambda: bus.depth("dsm.register.dataset.input.dead"), 1)
        assert {d.name for d in (await world.dsm.datasets()).items} == {"a", "b"}


async def _until(depth, wanted):
    async with asyncio.timeout(10):
        while await depth() < wanted:
            await asyncio.sleep(0.02)
