"""What closing looks at: what something is due on, and all that changed; nothing else."""

from datetime import timedelta

from tests.dsm.closing import named, send, set_rule, stf

from penstock_core.clock import now
from penstock_core.contracts.closing import Deferral
from penstock_core.contracts.dsm import Announcement


async def due(world):
    return {evidence.name for evidence in (await world.dsm.closing()).items}


async def defer(world, name, until=None):
    found = await named(world, name)
    await world.dsm.defer_closing([Deferral(uid=found.uid, revision=found.revision, until=until)])


async def test_what_is_deferred_is_left_alone_until_its_time(world, storage):
    await send(world, storage, "a", 1)
    await send(world, storage, "b", 1)
    await send(world, storage, "c", 1)
    tomorrow = now() + timedelta(days=1)
    await defer(world, "a", now() - timedelta(seconds=1))
    await defer(world, "b", tomorrow)
    await defer(world, "c")
    page = await world.dsm.closing()
    assert {evidence.name for evidence in page.items} == {"a"}
    assert page.look_at == tomorrow


async def test_whatever_changes_a_dataset_has_it_looked_at_again(world, storage):
    for name in ("file", "end", "rule"):
        await send(world, storage, name, 1)
        await defer(world, name)
    assert await due(world) == set()
    await send(world, storage, "file", 2)
    assert await due(world) == {"file"}
    end = await named(world, "end")
    await world.dsm.announce([Announcement(uid=end.uid, files=1, producer="p")])
    assert await due(world) == {"file", "end"}
    await set_rule(world, "any", "nothing.*", max_files=1)
    assert await due(world) == {"file", "end", "rule"}


async def test_who_looked_before_something_changed_defers_nothing(world, storage):
    await send(world, storage, "file", 1)
    await send(world, storage, "rule", 1)
    seen = [await named(world, name) for name in ("file", "rule")]
    await send(world, storage, "file", 2)
    await set_rule(world, "any", "*", max_files=9)
    await world.dsm.defer_closing([Deferral(uid=d.uid, revision=d.revision) for d in seen])
    assert await due(world) == {"file", "rule"}


async def test_what_runs_fill_is_always_looked_at(world):
    await world.daq("stf_ready", stf(1))
    (name,) = await due(world)
    await defer(world, name)
    assert await due(world) == {name}
