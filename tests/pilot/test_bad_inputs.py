"""Inputs whose bytes are not those that were registered, or that somebody else found bad."""

import asyncio

from penstock_core.contracts.inspection import Verdict
from penstock_core.states import JobState, TaskStatus
from pilot.settings import PilotSettings
from recipe.model import Mode


async def test_wrong_bytes_are_told_and_the_job_is_cancelled(world, make_step, follow):
    bad = world.dsm.add("in", 1, "x", checksum="adler32:00000001")
    world.dsm.add("in", 2, "y")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("touch made.txt"), retry=3)])
        told = await follow(client)
    jobs = {job.index: job for job in told.jobs}
    assert (jobs[1].state, jobs[1].attempts) == (JobState.CANCELLED, 1)
    assert jobs[1].reason.startswith("Its input is quarantined. The checksum does not fit")
    assert "adler32:00000001" in jobs[1].reason
    assert "adler32:00790079" in jobs[1].reason
    assert jobs[2].state is JobState.FINISHED
    last = told.tasks[-1]
    assert (last.status, last.finished, last.failed) == (TaskStatus.FINISHED, 1, 0)
    assert "Its input is quarantined" in last.reason
    (verdict,) = world.dsm.verdicts
    assert (verdict.uid, verdict.verdict) == (bad.uid, Verdict.DIFFERS)
    assert (verdict.checksum, verdict.size_bytes) == ("adler32:00790079", 1)
    assert verdict.look_again


async def test_a_task_of_quarantined_files_alone_is_skipped(world, make_step, follow):
    world.dsm.add("in", 1, "x", checksum="adler32:00000001")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("touch made.txt"))])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.SKIPPED


async def test_a_merge_goes_on_without_the_file(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.add("in", 2, "y", checksum="adler32:00000001")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        step = make_step('cat "$@" > made.txt', mode=Mode.MERGE)
        await client.submit([world.task(step)])
        told = await follow(client)
    assert told.tasks[-1].status is TaskStatus.FINISHED
    assert world.dsm.texts("t1-out") == ["x"]


async def test_what_was_judged_after_it_was_read_is_not_processed(world, make_step, follow):
    file = world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot(PilotSettings(slots=1), hold=True) as client:
        await client.submit([world.task(make_step("touch made.txt"))])
        async with asyncio.timeout(15):
            while not (await client.live_jobs()).items:
                await asyncio.sleep(0.02)
        world.dsm.incomplete.add("in")
        world.dsm.quarantine(file.uid, "Its header says run 7.")
        await asyncio.sleep(0.5)
        await client.hold(False)
        told = await follow(client)
    (job,) = told.jobs
    assert job.state is JobState.CANCELLED
    assert job.reason == f"Its input is quarantined. {file.name}: Its header says run 7."
    assert told.tasks[-1].input_incomplete
    assert world.dsm.verdicts == []


async def test_a_file_that_is_gone_is_told_and_tried_again(world, make_step, follow):
    file = world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    (world.dsm.folder / file.name).unlink()
    settings = PilotSettings(slots=1, retry_first_pause_s=0.01)
    async with world.pilot(settings) as client:
        await client.submit([world.task(make_step("touch made.txt"), retry=1)])
        told = await follow(client)
    (job,) = told.jobs
    assert (job.state, job.attempts) == (JobState.FAILED, 2)
    assert {(v.verdict, v.look_again) for v in world.dsm.verdicts} == {(Verdict.GONE, True)}
