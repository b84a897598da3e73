"""Silence counts only while somebody listens: what the manager is told of it, and makes of it."""

from datetime import datetime, timedelta

from tests.dsm.conftest import open_world, told_file

from dsm.manager.closing import listening
from dsm.register import consumer
from penstock_core.bus import Delivery, Message
from penstock_core.clock import now
from penstock_core.errors import ServiceUnavailable


async def since(world) -> datetime:
    """Return since when somebody listens, as closing is told."""
    await world.tell("dataset.input", {"datasetName": "cosmics"})
    (seen, *_) = (await world.dsm.closing()).items
    assert seen.listening_since is not None
    return seen.listening_since


async def test_an_unbroken_pulse_leaves_it_and_a_break_begins_anew(world):
    await world.dsm.pulse(keeps_up=True)
    began = await since(world)
    await world.dsm.pulse(keeps_up=True)
    assert await since(world) == began
    await world.dsm.pulse(keeps_up=False)
    assert await since(world) > began


async def test_where_no_pulse_comes_nobody_listens(world, monkeypatch):
    await world.dsm.pulse(keeps_up=True)
    monkeypatch.setattr(listening, "LOST_AFTER", timedelta(0))
    before = now()
    assert await since(world) >= before
    monkeypatch.undo()
    assert await since(world) < before


async def test_after_silence_of_the_register_time_counts_from_its_next_word(world, monkeypatch):
    await world.dsm.pulse(keeps_up=True)
    before = now()
    monkeypatch.setattr(listening, "LOST_AFTER", timedelta(0))
    await world.dsm.pulse(keeps_up=True)
    monkeypatch.undo()
    assert await since(world) >= before


async def test_a_start_of_the_manager_begins_anew(tmp_path):
    async with open_world(tmp_path) as world:
        await world.dsm.pulse(keeps_up=True)
        before = await since(world)
    async with open_world(tmp_path) as world:
        assert await since(world) > before


async def test_a_register_that_does_not_keep_up_says_so(sqlite_world, storage, monkeypatch):
    world = sqlite_world
    monkeypatch.setattr(consumer, "MAX_BATCH", 3)
    register = consumer.Register(world.house.bus, world.dsm)
    bodies = [{"datasetName": f"a{n}", "files": [told_file(storage, f"f{n}")]} for n in range(4)]
    messages = [Message.of_json("dsm.register", "file.input", body) for body in bodies]
    await register.pulse()
    began = await since(world)
    await world.house.bus.publish(messages[:3])
    await register.pulse()
    assert await since(world) == began
    await world.house.bus.publish(messages[3:])
    await register.pulse()
    assert await since(world) > began


async def test_a_register_that_holds_messages_says_so_until_they_are_in(sqlite_world, storage):
    world = sqlite_world
    register = consumer.Register(world.house.bus, world.dsm)
    body = {"datasetName": "a", "files": [told_file(storage, "f")]}
    message = Message.of_json("dsm.register", "file.input", body)
    held = [Delivery(message, "dsm.register.file.input", 1)]
    await register.pulse()
    began = await since(world)
    await register.tell_held(held, ServiceUnavailable("away"))
    await register.pulse()
    assert (again := await since(world)) > began
    await register.handle(held)
    await register.pulse()
    assert await since(world) == again
