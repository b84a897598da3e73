"""What fails, is killed, cancelled or held."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from penstock_core.contracts.workflow import TaskInput
from penstock_core.contracts.workload import Command
from penstock_core.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, NotFound
from penstock_core.rights import Role
from penstock_core.states import JobState, TaskStatus
from pilot.container_choice import ContainerPolicy
from pilot.settings import PilotSettings
from recipe.model import Resources

PATIENT = PilotSettings(slots=2, retry_first_pause_s=0.3, report_pause_s=0.05)


def processes_with(word: str) -> list[int]:
    """Return the processes whose command line holds ``word``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if word.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


async def until(statement, within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not statement():
            await asyncio.sleep(0.02)


async def test_a_failing_tool_is_tried_again_with_growing_pauses(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    started = time.monotonic()
    async with world.pilot(PATIENT) as client:
        await client.submit([world.task(make_step("echo broken; exit 3"), retry=2)])
        told = await follow(client)
    [job] = told.jobs
    assert time.monotonic() - started > 0.3 + 0.6
    assert (job.state, job.attempts, job.exit_code) == (JobState.FAILED, 3, 3)
    assert "exit code 3" in job.reason
    assert job.log_tail == "broken\n"
    assert told.tasks[-1].status is TaskStatus.FAILED
    assert (told.tasks[-1].output_files, told.tasks[-1].log_files) == (0, 1)


async def test_the_time_limit_kills_what_detached_itself(world, make_step, follow):
    word = "987651"
    detached = f"(setsid sh -c 'sleep {word} & sleep {word}' &) ; sleep {word}"
    step = make_step(detached, resources=Resources(time_limit_s=1))
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        await until(lambda: len(processes_with(word)) >= 3)
        told = await follow(client)
        assert processes_with(word) == []
    assert "limit of 1 s" in told.jobs[0].reason


async def test_a_limit_of_weeks_is_a_limit(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    step = make_step("touch made.txt", resources=Resources(time_limit_s=3_000_000))
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        told = await follow(client)
    assert (told.jobs[0].state, told.jobs[0].attempts) == (JobState.FINISHED, 1)


async def test_a_killed_job_is_run_again_and_makes_one_output(world, make_step, follow):
    word = "1.87654"
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step(f"sleep {word}; touch made.txt"))])
        await until(lambda: processes_with(f"sleep\0{word}"))
        [tool] = processes_with(f"sleep\0{word}")
        shell = _parent(tool)
        os.kill(_parent(shell), signal.SIGKILL)
        told = await follow(client)
    assert told.jobs[0].attempts == 2
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert len(world.dsm.files("t1-out")) == 1


@pytest.mark.parametrize("generations", [2, 3, 4])
async def test_a_killed_supervisor_or_worker_leaves_nothing_and_loses_nothing(
    world, make_step, follow, generations
):
    word = f"1.8765{generations}"
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step(f"sleep {word}; touch made.txt"))])
        await until(lambda: processes_with(f"sleep\0{word}"))
        [tool] = processes_with(f"sleep\0{word}")
        ancestor = tool
        for _ in range(generations):
            ancestor = _parent(ancestor)
        os.kill(ancestor, signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{tool}").exists(), within_s=1)
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert len(world.dsm.files("t1-out")) == 1


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("script", ["touch made.txt", "exit 1"])
async def test_a_job_whose_files_are_refused_for_good_fails_and_its_task_ends(
    world, make_step, follow, script
):
    world.dsm.refuses = Conflict("The dataset 't1.out.v1' is CLOSED.")
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step(script))])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FAILED
    assert "refused to register its files: The dataset 't1.out.v1' is CLOSED" in told.jobs[0].reason
    assert (told.tasks[-1].output_files, told.tasks[-1].log_files) == (0, 0)


async def test_a_job_whose_files_are_refused_for_now_keeps_them(world, make_step):
    world.dsm.refuses = NotFound("There is no storage 's1'.")
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("touch made.txt"))])
        async with asyncio.timeout(15):
            while not (found := (await client.live_jobs()).items) or not found[0].reason.startswith(
                "The storage manager refused to register its files: There is no storage"
            ):
                await asyncio.sleep(0.05)
    assert found[0].state is JobState.STAGED


async def test_held_jobs_wait_until_they_are_released(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot(hold=True) as client:
        await client.submit([world.task(make_step("touch made.txt"))])
        async with asyncio.timeout(15):
            while not (await client.live_jobs()).items:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.4)
        assert [j.state for j in (await client.live_jobs()).items] == [JobState.DEFINED]
    async with world.pilot() as client:
        await asyncio.sleep(0.2)
        assert [j.state for j in (await client.live_jobs()).items] == [JobState.DEFINED]
        await client.hold(False)
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED


async def test_a_cancelled_task_ends_its_jobs(world, make_step, follow):
    word = "98765.2"
    for index in range(4):
        world.dsm.add("in", index, "x")
    async with world.pilot() as client:
        await client.submit([world.task(make_step(f"sleep {word}"))])
        await until(lambda: len(processes_with(f"sleep\0{word}")) == 2)
        await client.command([Command(name="t1", action="cancel")])
        told = await follow(client)
        assert processes_with(f"sleep\0{word}") == []
        [again] = await client.command([Command(name="t1", action="cancel")])
    assert told.tasks[-1].status is TaskStatus.CANCELLED
    assert [j.state for j in told.jobs] == [JobState.CANCELLED] * 4
    assert again.outcome == "refused"
    assert world.dsm.manifests == {}


async def test_a_paused_task_starts_no_jobs_and_rank_decides_the_order(world, make_step, follow):
    one = PilotSettings(slots=1, report_pause_s=0.05)
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    low = world.task(make_step("touch made.txt"), name="low", rank=1)
    high = world.task(make_step("touch made.txt"), name="high", rank=5)
    paused = world.task(make_step("touch made.txt"), name="paused", rank=9)
    async with world.pilot(one, hold=True) as client:
        await client.submit([low, high, paused])
        await client.command([Command(name="paused", action="pause")])
        async with asyncio.timeout(10):
            while len((await client.live_jobs()).items) < 3:
                await asyncio.sleep(0.02)
        await client.hold(False)
        await follow(client, tasks=2)
        assert list(world.dsm.manifests) == ["high/1", "low/1"]
        await client.command([Command(name="paused", action="resume")])
        await follow(client, tasks=3)


async def test_of_one_rank_live_data_goes_before_a_backlog_and_of_that_the_newest(
    world, make_step, follow
):
    one = PilotSettings(slots=1, report_pause_s=0.05)
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    step = make_step("sleep 0.3; touch made.txt")  # shorter ones are claimed ahead of their turn
    places = {"old": 20, "newer": 10, "live": 0}
    tasks = [world.task(step, name=name, behind=place) for name, place in places.items()]
    async with world.pilot(one, hold=True) as client:
        await client.submit([*tasks, world.task(step, name="first", rank=2, behind=30)])
        async with asyncio.timeout(10):
            while len((await client.live_jobs()).items) < 4:
                await asyncio.sleep(0.02)
        await client.hold(False)
        await follow(client, tasks=4)
    assert list(world.dsm.manifests) == ["first/1", "live/1", "newer/1", "old/1"]


async def test_a_required_container_is_refused_at_once(world, make_step, follow):
    step = make_step("true", requirements={"DockerRequirement": {"dockerPull": "debian:12"}})
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot(PilotSettings(containers=ContainerPolicy.NEVER)) as client:
        await client.submit([world.task(step, retry=5)])
        told = await follow(client)
    assert told.jobs[0].attempts == 1
    assert "requires a container" in told.jobs[0].reason


async def test_an_output_that_is_a_link_to_the_outside_is_refused(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("ln -s /etc/passwd made.txt"))])
        told = await follow(client)
    assert "outside of the job's folder" in told.jobs[0].reason
    assert world.dsm.files("t1-out") == []


async def test_a_reason_that_is_no_unicode_text_is_stored_all_the_same(
    world, make_step, follow, tmp_path
):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    script = f"odd={tmp_path}/$(printf 'a\\377'); echo x > $odd; ln -s $odd made.txt"
    async with world.pilot(sandbox="none") as client:  # it leaves a file outside
        await client.submit([world.task(make_step(script))])
        told = await follow(client, within_s=15)
    assert told.jobs[0].state is JobState.FAILED
    assert "outside of the job's folder" in told.jobs[0].reason


async def test_a_task_without_recipe_fails_and_says_so(world, make_step, follow):
    task = world.task(make_step("true"), recipe_digest="unknown")
    async with world.pilot() as client:
        await client.submit([task])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FAILED
    assert "no recipe unknown" in told.tasks[-1].reason


async def test_a_task_whose_input_is_gone_fails_and_others_go_on(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    inputs = (TaskInput(step="", dataset_uid="gone"),)
    lost = world.task(make_step("touch made.txt"), name="t2", inputs=inputs)
    async with world.pilot() as client:
        await client.submit([lost, world.task(make_step("touch made.txt"))])
        told = await follow(client, tasks=2)
    ends = {t.output_uid: t.status for t in told.tasks}
    assert ends == {"t2-out": TaskStatus.FAILED, "t1-out": TaskStatus.FINISHED}


async def test_strangers_and_bad_cursors_are_refused(world, make_step):
    async with world.pilot() as client:
        with pytest.raises(InvalidInput, match="no report 99"):
            await client.reports(99)
        with pytest.raises(InvalidInput, match="after"):
            await client.reports(-1)
        viewer = world.client(Role.VIEWER)
        with pytest.raises(Forbidden):
            await viewer.hold(True)
        with pytest.raises(Forbidden):
            await viewer.submit([world.task(make_step("true"))])
        await viewer.close()
        stranger = world.house.http("http://pilot")
        answer = await stranger.get("/pilot/report")
        assert answer.json()["error"] == NotAuthenticated.__name__
        await stranger.aclose()
