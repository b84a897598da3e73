"""Stopped at any state, the pilot goes on: the same files, registered once."""

import asyncio

from penstock_core.states import JobState, TaskStatus


async def test_what_ran_is_run_again_without_using_up_a_retry(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    task = world.task(make_step("sleep 1; echo made > made.txt"), retry=0)
    async with world.pilot() as client:
        await client.submit([task])
        await _until_state(client, JobState.RUNNING)
    async with world.pilot() as client:
        told = await follow(client)
    assert (told.jobs[0].state, told.jobs[0].attempts) == (JobState.FINISHED, 2)
    assert world.dsm.texts("t1-out") == ["made\n"]


async def test_a_staged_job_is_registered_and_never_run_again(world, make_step, follow, tmp_path):
    runs = tmp_path / "runs"
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    world.dsm.away = True
    async with world.pilot(sandbox="none") as client:  # it leaves a trace outside
        await client.submit([world.task(make_step(f"echo run >> {runs}; touch made.txt"))])
        await _until_state(client, JobState.STAGED)
    world.dsm.away = False
    async with world.pilot() as client:
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert runs.read_text() == "run\n"
    assert set(world.dsm.sent) == {"t1/1"}


async def test_a_restart_between_files_forms_each_job_once(world, make_step, follow):
    task = world.task(make_step('cat "$1" > made.txt'))
    world.dsm.add("in", 1, "one")
    async with world.pilot() as client:
        await client.submit([task])
        await asyncio.sleep(0.5)
    world.dsm.add("in", 2, "two")
    async with world.pilot() as client:
        await asyncio.sleep(0.3)
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        told = await follow(client)
    assert world.dsm.texts("t1-out") == ["one", "two"]
    assert told.tasks[-1].jobs == 2


async def test_a_final_task_is_not_touched_by_a_restart(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("touch made.txt"))])
        before = await follow(client)
    async with world.pilot() as client:
        await asyncio.sleep(0.2)
        after = await follow(client)
    assert before == after
    assert not (world.data_dir / "scratch").exists() or not list(
        (world.data_dir / "scratch").iterdir()
    )


async def _until_state(client, state: JobState) -> None:
    async with asyncio.timeout(15):
        while state not in {job.state for job in (await client.live_jobs()).items}:
            await asyncio.sleep(0.02)
