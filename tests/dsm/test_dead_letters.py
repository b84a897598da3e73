"""Dead letters: seen with what they lack, sent again once that is mended, or given up on record."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.dsm.conftest import World, open_world

from dsm.intake import sent_again
from dsm.manager.datasets import uid_of
from penstock_core.bus import Bus, Message
from penstock_core.bus.dead_letters import look
from penstock_core.bus.local import LocalBus
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.contracts.broker import DeadLetterWish
from penstock_core.contracts.dsm import NewDataset
from penstock_core.errors import Conflict, Forbidden, NotFound
from penstock_core.rights import Role
from penstock_core.states import DatasetKind
from penstock_core.topology import PENSTOCK

QUEUE = "dsm.register.file.input"


@pytest.fixture(params=["local", pytest.param("rabbitmq", marks=pytest.mark.servers)])
async def taking(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A manager and a register that takes what is sent, on either bus."""
    bus: Bus = LocalBus(PENSTOCK, tmp_path / "bus.db")
    if request.param == "rabbitmq":
        bus = RabbitBus(PENSTOCK, request.getfixturevalue("rabbitmq").url)
    async with open_world(tmp_path, bus=bus) as world, world.register():
        yield world


async def send(world: World, body: object, message_id: str = "m1") -> None:
    sent = Message.of_json("dsm.register", "file.input", body, message_id=message_id)
    await world.house.bus.publish([sent])


async def dead(world: World, count: int) -> list:
    """Return the dead letters, once there are so many."""
    async with asyncio.timeout(20):
        while True:
            found = await world.dsm.dead_letters()
            if len(found.items) == count:
                return list(found.items)
            await asyncio.sleep(0.1)


LATE = uid_of(NewDataset(name="late", scope="daq", kind=DatasetKind.INPUT))
"""The uid of a dataset that is registered later on."""


async def test_a_letter_that_is_mended_leaves_and_takes_effect(taking: World) -> None:
    operator = taking.client(Role.OPERATOR, "olga@example.org")
    body = {"datasetId": LATE, "files": 1}
    sent = Message.of_json("dsm.register", "dataset.close", body, message_id="close")
    await taking.house.bus.publish([sent])
    [letter] = await dead(taking, 1)
    assert "no dataset" in letter.reason
    queue = "dsm.register.dataset.close"
    await taking.tell("dataset.input", {"datasetName": "late"})

    moved = await operator.redrive(DeadLetterWish(queue=queue, because="it is there now"))
    assert (moved.message_ids, moved.left, moved.more) == (("close",), {}, False)
    async with asyncio.timeout(20):
        while (await taking.dsm.datasets()).items[0].announced is None:
            await asyncio.sleep(0.05)
    assert await dead(taking, 0) == []
    [event] = (await taking.dsm.events(0, topics=["message.redriven"])).events
    assert (event.body["by"], event.body["because"]) == ("olga@example.org", "it is there now")
    journal = await taking.dsm.call("GET", "/api/v1/journal", dict, params={"message_id": "close"})
    assert [row["outcome"] for row in journal["items"]] == ["ERROR", "OK"]


async def test_killed_between_sending_and_leaving_it_is_applied_once(taking: World) -> None:
    body = {"datasetId": LATE, "files": 1}
    sent = Message.of_json("dsm.register", "dataset.close", body, message_id="close")
    await taking.house.bus.publish([sent])
    await dead(taking, 1)
    await taking.tell("dataset.input", {"datasetName": "late"})
    [delivery], _ = await look(taking.house.bus, "dsm.register.dataset.close.dead", 1)
    again = sent_again(delivery.message, "olga")
    await taking.house.bus.publish([again])
    operator = taking.client(Role.OPERATOR, "olga")
    await operator.redrive(DeadLetterWish(queue="dsm.register.dataset.close"))
    await dead(taking, 0)
    journal = await taking.dsm.call("GET", "/api/v1/journal", dict, params={"message_id": "close"})
    assert [row["outcome"] for row in journal["items"]] == ["ERROR", "OK"]


async def test_what_is_malformed_says_so_field_by_field_and_stays_unless_forced(
    taking: World,
) -> None:
    operator = taking.client(Role.OPERATOR, "olga@example.org")
    await send(taking, {"datasetName": 7, "files": [{"path": "x", "size": "big"}]})
    [letter] = await dead(taking, 1)
    wanted = {d.field: d.found for d in letter.differences}
    assert wanted["datasetName"] == "7"
    assert wanted["files.0.storageId"] == "nothing"
    assert wanted["files.0.size"] == "'big'"
    assert json.loads(letter.body)["datasetName"] == 7

    moved = await operator.redrive(DeadLetterWish(queue=QUEUE))
    assert moved.message_ids == ()
    assert "datasetName" in moved.left["m1"]
    await operator.redrive(DeadLetterWish(queue=QUEUE, force=True))
    async with asyncio.timeout(20):
        while [letter.redriven for letter in await dead(taking, 1)] != [1]:
            await asyncio.sleep(0.1)

    gone = await operator.discard(DeadLetterWish(queue=QUEUE, because="a test"))
    assert gone.message_ids == ("m1",)
    assert await dead(taking, 0) == []
    [event] = (await taking.dsm.events(0, topics=["message.discarded"])).events
    assert event.body["because"] == "a test"
    assert json.loads(event.body["body"])["files"]


async def test_some_are_chosen_by_their_id_or_reason(taking: World) -> None:
    operator = taking.client(Role.OPERATOR)
    for n in range(3):
        await send(taking, {"datasetName": n}, f"m{n}")
    await dead(taking, 3)
    by_id = DeadLetterWish(queue=f"{QUEUE}.dead", message_ids=("m1",), because="x")
    assert (await operator.discard(by_id)).message_ids == ("m1",)
    other = DeadLetterWish(queue=QUEUE, reason="nothing of the kind", because="x")
    assert (await operator.discard(other)).message_ids == ()
    assert [letter.message_id for letter in await dead(taking, 2)] == ["m0", "m2"]


async def test_looking_takes_nothing_away_and_what_is_worked_on_is_left_alone(
    taking: World,
) -> None:
    await send(taking, {"datasetName": 1})
    await dead(taking, 1)
    for _ in range(2):
        [reply] = await taking.dsm.peek(f"{QUEUE}.reply")
        assert json.loads(reply.body)["status"] == "ERROR"
    with pytest.raises(Conflict, match="worked on"):
        await taking.dsm.peek(QUEUE)
    with pytest.raises(NotFound, match="no queue 'nonsense'"):
        await taking.dsm.dead_letters(queue="nonsense")
    states = {state.name: state for state in await taking.dsm.queues()}
    assert states[f"{QUEUE}.dead"].ready == 1
    assert states[f"{QUEUE}.dead"].is_dead_letter
    assert states[QUEUE].consumers == 1


async def test_only_operators_move_dead_letters(sqlite_world: World) -> None:
    viewer = sqlite_world.client(Role.VIEWER)
    with pytest.raises(Forbidden):
        await viewer.redrive(DeadLetterWish(queue=QUEUE))
    with pytest.raises(Forbidden):
        await viewer.discard(DeadLetterWish(queue=QUEUE))
