"""What operators ask of tasks: each does what it says, twice is once, in bulk too."""

import asyncio
from pathlib import Path

import pytest

from penstock_core.contracts.workload import Command
from penstock_core.errors import Forbidden
from penstock_core.rights import Role
from penstock_core.states import JobState, TaskStatus
from pilot.commands import waves
from pilot.settings import PilotSettings

ONE = PilotSettings(slots=1, report_pause_s=0.05)
SEVERAL = PilotSettings(report_pause_s=0.05)


def gate_in(folder: Path) -> Path:
    """Return a file that is not there yet, in a folder of its own."""
    gate = folder / "gates" / "gate"
    gate.parent.mkdir()
    return gate


def reading(gate: Path, settings: PilotSettings = SEVERAL) -> PilotSettings:
    """Return settings by which jobs see whether the gate is there."""
    return settings.model_copy(update={"readable": (gate.parent,)})


def gated(gate: Path) -> str:
    """Return a tool that fails on bad input until ``gate`` is there."""
    return f'grep -q bad "$1" && test ! -e {gate} && exit 1; touch made.txt'


async def until_one_failed(client) -> None:
    async with asyncio.timeout(15):
        while not any(r.task and r.task.failed for r in (await client.reports(0)).reports):
            await asyncio.sleep(0.05)


async def test_a_task_with_some_failed_jobs_is_partial_and_can_be_retried(
    world, make_step, follow, tmp_path
):
    gate = gate_in(tmp_path)
    world.dsm.add("in", 1, "good")
    world.dsm.add("in", 2, "bad")
    world.dsm.closed.add("in")
    async with world.pilot(reading(gate)) as client:
        await client.submit([world.task(make_step(gated(gate)))])
        told = await follow(client)
        assert told.tasks[-1].status is TaskStatus.PARTIAL
        gate.touch()
        [answer] = await client.command([Command(name="t1", action="retry")])
        assert answer.outcome == "accepted"
        again = await follow(client, tasks=2)
    assert again.tasks[-1].status is TaskStatus.FINISHED
    assert len(world.dsm.files("t1-out")) == 2
    assert len(world.dsm.files("t1-log")) == 3
    assert (again.tasks[-1].output_files, again.tasks[-1].log_files) == (2, 3)


async def test_a_task_that_still_runs_is_retried_and_goes_on(world, make_step, follow, tmp_path):
    gate = gate_in(tmp_path)
    for index in range(3):
        world.dsm.add("in", index, "bad")
    async with world.pilot(reading(gate, ONE)) as client:
        await client.submit([world.task(make_step(gated(gate)))])
        async with asyncio.timeout(15):
            while not world.dsm.sent:
                await asyncio.sleep(0.02)
        await client.command([Command(name="t1", action="pause")])
        gate.touch()
        world.dsm.closed.add("in")
        await client.command([Command(name="t1", action="retry")])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert (told.tasks[-1].finished, told.tasks[-1].failed) == (3, 0)
    assert len(world.dsm.files("t1-log")) == told.tasks[-1].log_files


async def test_a_retry_waits_for_the_log_of_the_job_that_failed(world, make_step, follow, tmp_path):
    gate = gate_in(tmp_path)
    world.dsm.add("in", 1, "bad")
    world.dsm.closed.add("in")
    world.dsm.away = True
    async with world.pilot(reading(gate)) as client:
        await client.submit([world.task(make_step(gated(gate)))])
        await until_one_failed(client)
        gate.touch()
        [answer] = await client.command([Command(name="t1", action="retry")])
        assert answer.outcome == "accepted"
        world.dsm.away = False
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert [(job.state, job.attempts) for job in told.jobs] == [(JobState.FINISHED, 2)]
    assert (told.tasks[-1].output_files, told.tasks[-1].log_files) == (1, 2)
    assert len(world.dsm.files("t1-log")) == 2


async def test_a_task_that_could_not_make_its_jobs_makes_them_on_a_retry(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    task = world.task(make_step("touch made.txt"))
    recipe = world.recipes.pop(task.recipe_digest)
    async with world.pilot() as client:
        await client.submit([task])
        assert (await follow(client)).tasks[-1].status is TaskStatus.FAILED
        world.recipes[task.recipe_digest] = recipe
        await client.command([Command(name="t1", action="retry")])
        told = await follow(client, tasks=2)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert told.tasks[-1].reason == ""


async def test_a_retry_that_finds_nothing_to_do_is_reported_all_the_same(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("touch made.txt"))])
        await follow(client)
        [answer] = await client.command([Command(name="t1", action="retry")])
        told = await follow(client, tasks=2)
    assert (answer.outcome, answer.reason) == ("already", "No job of it has failed.")
    assert told.tasks[-1] == told.tasks[-2]


async def test_commands_about_many_tasks_are_done_in_their_order(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    step = make_step("touch made.txt")
    tasks = [world.task(step, name=name) for name in ("a", "b", "c")]
    async with world.pilot(ONE, hold=True) as client:
        await client.submit(tasks)
        asked = [
            *(Command(name=name, action="pause") for name in ("a", "b", "c", "d")),
            Command(name="a", action="rank", rank=3),
            Command(name="b", action="resume"),
            Command(name="b", action="resume"),
            Command(name="c", action="cancel"),
            Command(name="c", action="retry"),
        ]
        answers = await client.command(asked)
        assert [answer.outcome for answer in answers] == [
            *("accepted", "accepted", "accepted", "refused"),
            *("accepted", "accepted", "already", "accepted", "refused"),
        ]
        await client.hold(False)
        await follow(client, tasks=2)
        assert list(world.dsm.manifests) == ["b/1"]
        await client.command([Command(name="a", action="resume")])
        await follow(client, tasks=3)


async def test_people_ask_data_access_which_keeps_the_history(world):
    async with world.pilot():
        operator = world.client(Role.OPERATOR)
        with pytest.raises(Forbidden):
            await operator.command([Command(name="t1", action="cancel")])
        await operator.close()


def test_a_wave_asks_each_task_once_and_keeps_the_order():
    asked = [
        Command(name=n, action=a) for n, a in (("a", "pause"), ("b", "pause"), ("a", "resume"))
    ]
    assert [[(c.name, c.action) for c in wave] for wave in waves(asked)] == [
        [("a", "pause"), ("b", "pause")],
        [("a", "resume")],
    ]
    assert list(waves([])) == []
