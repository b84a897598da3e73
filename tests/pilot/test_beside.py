"""Files that go with others (secondaryFiles): by their names, in jobs of a map and of a merge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_core.states import JobState
from pilot.beside import name_beside, names_beside, primary
from recipe.model import Beside, Link, Mode

INDEX = (Beside(pattern=".bai"),)
SHORT = (Beside(pattern="^.bai"), Beside(pattern=".note", required=False))


@pytest.mark.parametrize(
    ("pattern", "name", "beside"),
    [
        (".bai", "a.bam", "a.bam.bai"),
        ("^.bai", "a.bam", "a.bai"),
        ("^^.dict", "a.tar.gz", "a.dict"),
        ("^^.dict", "a.gz", "a.dict"),
        ("^.x", "plain", "plain.x"),
        ("^.x", ".hidden", ".hidden.x"),
        ("_1", "a", "a_1"),
    ],
)
def test_a_pattern_makes_a_name(pattern: str, name: str, beside: str) -> None:
    assert name_beside(pattern, name) == beside


@given(st.sets(st.from_regex(r"[ab]{1,2}(\.(x|bai|note)){0,2}", fullmatch=True), max_size=9))
def test_what_goes_with_another_is_no_primary_and_everything_else_is(names: set[str]) -> None:
    for patterns in (INDEX, SHORT):
        first = primary(names, patterns)
        goes = {other for n in names for other in names_beside(patterns, n) if other != n}
        assert first == names - goes


async def test_each_job_of_a_map_gets_the_files_that_go_with_its_own(world, make_step, follow):
    link = Link(key="f", take="each", beside=SHORT)
    step = make_step('cat "$1" "${1%.*}.bai" > made.txt; ls $(dirname $1) >&2', links=(link,))
    for n, name in enumerate(("a.bai", "a.bam", "b.bam", "b.bam.note"), 1):
        world.dsm.add("in", n, f"<{name}>", name=name)
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        world.dsm.add("in", 9, "<b.bai>", name="b.bai")
        world.dsm.closed.add("in")
        told = await follow(client)
    assert [(job.index, job.state) for job in sorted(told.jobs, key=lambda job: job.index)] == [
        (2, JobState.FINISHED),
        (3, JobState.FINISHED),
    ]
    assert world.dsm.texts("t1-out") == ["<a.bam><a.bai>", "<b.bam><b.bai>"]
    by_index = {job.index: job for job in told.jobs}
    assert by_index[2].inputs == ("a.bam", "a.bai")
    assert by_index[3].inputs == ("b.bam", "b.bai", "b.bam.note")
    assert by_index[3].log_tail.split() == ["b.bai", "b.bam", "b.bam.note"]


async def test_files_of_one_name_have_a_job_each_with_what_has_their_index(
    world, make_step, follow
):
    link = Link(key="f", take="each", beside=INDEX)
    step = make_step('cat "$1" "$1.bai" > made.txt', links=(link,))
    for index in (1, 2):  # as the jobs of one tool name what they make
        for kind in ("s.bam", "s.bam.bai"):
            world.dsm.add("in", index, f"{kind}{index} ", name=f"{kind}.{index}", basename=kind)
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        told = await follow(client)
    assert {job.state for job in told.jobs} == {JobState.FINISHED}, told.jobs
    assert world.dsm.texts("t1-out") == ["s.bam1 s.bam.bai1 ", "s.bam2 s.bam.bai2 "]


async def test_a_merge_gathers_files_with_those_that_go_with_them(world, make_step, follow):
    link = Link(key="f", take="all", beside=INDEX)
    step = make_step('echo $#; ls "$1.bai" "$2.bai" > made.txt', Mode.MERGE, links=(link,))
    for n, name in enumerate(("a.bam", "a.bam.bai", "b.bam", "b.bam.bai"), 1):
        world.dsm.add("in", n, name, name=name)
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        told = await follow(client)
    assert told.jobs[0].state is JobState.FINISHED, told.jobs[0].reason
    assert told.jobs[0].log_tail.split() == ["2"]


async def test_a_file_whose_companion_is_missing_fails_and_names_it(world, make_step, follow):
    step = make_step("true > made.txt", links=(Link(key="f", take="each", beside=INDEX),))
    for n, name in enumerate(("a.bam", "a.bam.bai", "b.bam"), 1):
        world.dsm.add("in", n, name, name=name)
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step, retry=3)])
        told = await follow(client)
    states = {job.index: (job.state, job.attempts) for job in told.jobs}
    assert states == {1: (JobState.FINISHED, 1), 3: (JobState.FAILED, 1)}
    failed = next(job for job in told.jobs if job.index == 3)
    assert "b.bam goes with b.bam.bai (secondaryFiles)" in failed.reason
