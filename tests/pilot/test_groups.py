"""Merges in groups: by count, size and time; the same after a restart."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as some

from penstock_core.contracts.workflow import TaskInput
from penstock_core.states import TaskStatus
from pilot.grouping import Piece, group
from recipe.model import Group, Link, Mode, Trigger

NOW = 1000.0


def pieces(*sizes: int, seen_at: float = NOW) -> list[Piece]:
    return [Piece(n, size, seen_at) for n, size in enumerate(sizes, start=1)]


def stretches(rule: Group, found: list[Piece], *, closed: bool = False) -> list[tuple[int, int]]:
    return [(s.first, s.last) for s in group(rule, found, closed=closed, now=NOW)]


def test_a_group_ends_with_its_last_file_and_the_rest_waits():
    assert stretches(Group(files=2), pieces(1, 1, 1, 1, 1)) == [(1, 2), (3, 4)]
    assert stretches(Group(files=2), pieces(1, 1, 1, 1, 1), closed=True)[-1] == (5, 5)


def test_a_group_ends_with_the_file_that_brings_it_to_its_size():
    assert stretches(Group(size_bytes=10), pieces(4, 4, 4, 30, 1)) == [(1, 3), (4, 4)]


def test_whichever_limit_comes_first_counts():
    rule = Group(files=3, size_bytes=10)
    assert stretches(rule, pieces(9, 9, 1, 1, 1, 1)) == [(1, 2), (3, 5)]


def test_what_has_waited_is_a_group():
    rule = Group(files=9, max_latency_s=60)
    assert stretches(rule, pieces(1, 1, seen_at=NOW - 59)) == []
    assert stretches(rule, [*pieces(1, seen_at=NOW - 60), Piece(2, 1, NOW)]) == [(1, 2)]


def test_files_of_one_place_stay_together():
    several = [Piece(1, 1, NOW), Piece(1, 1, NOW), Piece(1, 1, NOW), Piece(2, 1, NOW)]
    assert stretches(Group(files=2), several, closed=True) == [(1, 1), (2, 2)]


def test_nothing_is_no_group():
    assert stretches(Group(files=2), [], closed=True) == []


@given(
    some.lists(some.integers(0, 20), max_size=30),
    some.integers(0, 5),
    some.integers(0, 30),
    some.integers(0, 30),
)
def test_whenever_one_looks_the_groups_are_the_same(sizes, files, size_bytes, seen):
    """Forming from a part and then from the rest gives what forming from all gives."""
    rule = Group(files=files, size_bytes=size_bytes)
    everything = pieces(*sizes)
    at_once = stretches(rule, everything, closed=True)
    early = stretches(rule, everything[:seen])
    reached = early[-1][1] if early else 0
    late = stretches(rule, [p for p in everything if p.place > reached], closed=True)
    assert early + late == at_once
    taken = [n for first, last in at_once for n in range(first, last + 1)]
    assert taken == list(range(1, len(sizes) + 1)), "each file in one group"


CAT = 'cat "$@" > made.txt'


def merge(make_step, trigger: Trigger, **rule):
    return make_step(CAT, Mode.MERGE, trigger=trigger, group=Group(**rule))


async def test_a_closed_dataset_is_merged_in_groups_by_index(world, make_step, follow):
    for index in (4, 2, 0, 3, 1):
        world.dsm.add("in", index, f"{index} ")
    async with world.pilot() as client:
        await client.submit([world.task(merge(make_step, Trigger.CLOSED, files=2))])
        world.dsm.closed.add("in")
        told = await follow(client)
    assert world.dsm.texts("t1-out") == ["0 1 ", "2 3 ", "4 "]
    assert [f.index for f in world.dsm.files("t1-out")] == [0, 1, 2]
    assert told.tasks[-1].status is TaskStatus.FINISHED


async def test_an_open_dataset_is_merged_as_groups_fill_and_the_rest_at_its_close(
    world, make_step, follow
):
    async with world.pilot() as client:
        await client.submit([world.task(merge(make_step, Trigger.OPEN, files=2, size_bytes=9))])
        for index, text in enumerate(("a", "b", "c", "dddddddddd", "e")):
            world.dsm.add("in", index, text)
        async with asyncio.timeout(20):
            while len(world.dsm.texts("t1-out")) < 2:
                await asyncio.sleep(0.05)
        assert world.dsm.texts("t1-out") == ["ab", "cdddddddddd"]
        world.dsm.closed.add("in")
        await follow(client)
    assert world.dsm.texts("t1-out") == ["ab", "cdddddddddd", "e"]


async def test_what_has_waited_long_enough_is_merged_while_its_dataset_is_open(world, make_step):
    async with world.pilot() as client:
        step = merge(make_step, Trigger.OPEN, files=100, max_latency_s=0.3)
        await client.submit([world.task(step)])
        world.dsm.add("in", 0, "a")
        async with asyncio.timeout(20):
            while world.dsm.texts("t1-out") != ["a"]:
                await asyncio.sleep(0.05)


async def test_a_restart_forms_the_same_groups(world, make_step, follow):
    task = world.task(merge(make_step, Trigger.OPEN, files=2))
    async with world.pilot(hold=True) as client:
        await client.submit([task])
        for index in (3, 1, 2):
            world.dsm.add("in", index, f"{index} ")
        async with asyncio.timeout(20):
            while not (await client.live_jobs()).items:
                await asyncio.sleep(0.05)
    async with world.pilot() as client:
        world.dsm.add("in", 0, "0 ")
        world.dsm.closed.add("in")
        await client.hold(False)
        await follow(client)
    assert world.dsm.texts("t1-out") == ["1 3 ", "0 2 "]


@pytest.mark.parametrize("trigger", list(Trigger))
async def test_groups_of_a_produced_dataset_without_files_gather_nothing_once(
    world, make_step, follow, trigger
):
    step = merge(make_step, trigger, files=2)
    produced = step.model_copy(update={"links": (Link(key="f", step="before", take="all"),)})
    world.dsm.contents["made"] = []
    world.dsm.closed.add("made")
    inputs = (TaskInput(step="before", dataset_uid="made"),)
    async with world.pilot() as client:
        await client.submit([world.task(produced, inputs=inputs)])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert world.dsm.texts("t1-out") == [""]


@pytest.mark.parametrize("trigger", list(Trigger))
async def test_groups_of_an_empty_masked_dataset_are_skipped(world, make_step, follow, trigger):
    world.dsm.contents["in"] = []
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(merge(make_step, trigger, files=2))])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.SKIPPED
