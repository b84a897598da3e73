"""From a task to registered outputs and reports."""

import asyncio
import re
from importlib.metadata import version

import pytest

from penstock_core.contracts.workflow import TaskInput
from penstock_core.sandbox import choose
from penstock_core.states import JobState, TaskStatus
from recipe.model import Link, Mode, Value


async def test_a_map_makes_one_job_a_file_also_of_late_ones(world, make_step, follow):
    task = world.task(make_step('tr a-z A-Z < "$1" > made.txt; echo done'))
    world.dsm.add("in", 1, "one")
    world.dsm.add("in", 2, "two")
    async with world.pilot() as client:
        await client.submit([task])
        await asyncio.sleep(0.3)
        world.dsm.add("in", 3, "three")
        world.dsm.closed.add("in")
        told = await follow(client)
    assert world.dsm.texts("t1-out") == ["ONE", "TWO", "THREE"]
    assert world.dsm.texts("t1-log") == ["done\n"] * 3
    names = [f.name for f in world.dsm.files("t1-out")]
    assert names == [f"t1.out.v1.00000{n}.made.txt" for n in (1, 2, 3)]
    last = told.tasks[-1]
    assert (last.status, last.jobs, last.finished) == (TaskStatus.FINISHED, 3, 3)
    assert (last.output_files, last.log_files) == (3, 3)
    assert [j.state for j in told.jobs] == [JobState.FINISHED] * 3
    assert told.jobs[0].exit_code == 0


async def test_a_job_tells_what_it_read_made_ran_and_in_what(world, make_step, follow):
    task = world.task(make_step('cat "$1" > made.txt'))
    world.dsm.add("in", 1, "one", basename="an input")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([task])
        (job,) = (await follow(client)).jobs
    assert job.inputs == ("in.1.dat",)
    assert job.outputs == ("t1.out.v1.000001.made.txt", "t1.log.v1.000001.log")
    assert job.log == "t1.log.v1.000001.log"
    assert job.command == """sh -c 'cat "$1" > made.txt' tool 'an input'"""
    assert str(world.data_dir) not in job.command
    there = job.environment
    assert there.system == f"penstock-pilot {version('penstock-pilot')}"
    assert there.engine == f"cwltool {version('cwltool')}"
    assert (there.sandbox, there.container) == (choose().shown(), "")
    assert there.python
    assert there.platform


async def test_a_job_that_failed_tells_its_log_and_command(world, make_step, follow):
    task = world.task(make_step("exit 3"), retry=0)
    world.dsm.add("in", 1, "one")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([task])
        (job,) = (await follow(client)).jobs
    assert job.outputs == (job.log,) == ("t1.log.v1.000001.log",)
    assert job.command.startswith("sh -c 'exit 3'")


async def test_the_terminal_report_comes_after_all_jobs_of_the_task(world, make_step, follow):
    task = world.task(make_step("touch made.txt"))
    for index in range(5):
        world.dsm.add("in", index, str(index))
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([task])
        told = await follow(client)
    assert told.order[-1] == "task FINISHED"
    assert told.order.count("job FINISHED") == 5


async def test_a_merge_waits_for_the_close_and_reads_by_index(world, make_step, follow):
    task = world.task(make_step('cat "$@" > made.txt', Mode.MERGE))
    for index in (3, 1, 2):
        world.dsm.add("in", index, f"{index};")
    async with world.pilot() as client:
        await client.submit([task])
        await asyncio.sleep(0.2)
        assert world.dsm.files("t1-out") == []
        world.dsm.closed.add("in")
        await follow(client)
    assert world.dsm.texts("t1-out") == ["1;2;3;"]


async def test_several_scattered_inputs_are_zipped_by_index(world, make_step, follow):
    links = (Link(key="a", take="each"), Link(key="b", step="up", port="x", take="each"))
    task = world.task(
        make_step('cat "$1" "$2" > made.txt', links=links),
        inputs=(
            TaskInput(step="", dataset_uid="in"),
            TaskInput(step="up", dataset_uid="upper"),
        ),
    )
    for index in (1, 2, 3):
        world.dsm.add("in", index, f"a{index}")
        world.dsm.add("upper", index, f"b{index}", port="x", name=f"x{index}")
        world.dsm.add("upper", index, "no", port="y", name=f"y{index}")
    world.dsm.closed |= {"in", "upper"}
    async with world.pilot() as client:
        await client.submit([task])
        await follow(client)
    assert world.dsm.texts("t1-out") == ["a1b1", "a2b2", "a3b3"]


async def test_a_map_over_nothing_is_skipped_and_a_merge_of_no_outputs_runs(
    world, make_step, follow
):
    links = (Link(key="f", step="up", take="all"),)
    merge = world.task(
        make_step('echo "$#" > made.txt', Mode.MERGE, links=links),
        name="t2",
        inputs=(TaskInput(step="up", dataset_uid="in"),),
    )
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(make_step("true")), merge])
        told = await follow(client, tasks=2)
    ends = {t.output_uid: t.status for t in told.tasks}
    assert ends == {"t1-out": TaskStatus.SKIPPED, "t2-out": TaskStatus.FINISHED}
    assert world.dsm.texts("t2-out") == ["0\n"]


@pytest.mark.parametrize(
    ("wanted", "status", "made"),
    [("never", TaskStatus.SKIPPED, []), ("one", TaskStatus.FINISHED, ["one"])],
)
async def test_a_step_whose_condition_is_false_for_every_job_is_skipped(
    world, make_step, follow, wanted, status, made
):
    step = make_step('cp "$1" made.txt')
    document = step.job_document
    document["requirements"] = {"InlineJavascriptRequirement": {}}
    document["outputs"]["made"]["type"] = "File?"
    document["steps"]["s"]["when"] = f'$(inputs.f.basename == "{wanted}")'
    port = step.ports[0].model_copy(update={"optional": True})
    world.dsm.add("in", 1, "one", basename="one")
    world.dsm.add("in", 2, "two", basename="two")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step.model_copy(update={"ports": (port,)}))])
        told = await follow(client)
    last = told.tasks[-1]
    assert (last.status, last.jobs, last.output_files) == (status, 2, len(made))
    assert world.dsm.texts("t1-out") == made
    skipped = [job for job in told.jobs if "condition" in job.reason]
    assert len(skipped) == 2 - len(made)
    assert last.log_files == 2


async def test_unusable_files_are_never_inputs(world, make_step, follow):
    task = world.task(make_step('cat "$1" > made.txt'))
    world.dsm.add("in", 1, "good")
    world.dsm.add("in", 2, "bad", usable=False)
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([task])
        await follow(client)
    assert world.dsm.texts("t1-out") == ["good"]


async def test_a_single_step_runs_once_with_its_values(world, make_step, follow):
    step = make_step(
        'echo "$1" > made.txt', Mode.SINGLE, links=(), values=(Value(key="n", input="number"),)
    )
    task = world.task(step, inputs=(), values={"number": 42})
    async with world.pilot() as client:
        await client.submit([task])
        await follow(client)
    assert world.dsm.texts("t1-out") == ["42\n"]


async def test_javascript_runs_in_quickjs(world, make_step, follow):
    step = make_step("true", ports=("made.txt",))
    tool = step.job_document["steps"]["s"]["run"]
    tool["arguments"] = ["${ return [1, 2, 3].map(function (x) { return x * x; }).join('-'); }"]
    tool["baseCommand"] = ["sh", "-c", 'echo "$1" > made.txt', "tool"]
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        await follow(client)
    assert world.dsm.texts("t1-out") == ["1-4-9\n"]


async def test_a_tool_reads_the_files_of_its_template(world, make_step, follow):
    step = make_step('cat "$1" > made.txt', values=(Value(key="table", input="none"),))
    tool = step.job_document["steps"]["s"]["run"]
    tool["inputs"]["table"] = {
        "type": "File",
        "default": {"class": "File", "location": "bundle:maps/cable.txt"},
        "inputBinding": {"position": -1},
    }
    step.job_document["inputs"]["table"] = "File?"
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step, documents={"maps/cable.txt": "cables"})])
        await follow(client)
    assert world.dsm.texts("t1-out") == ["cables"]


async def test_submitting_twice_is_submitting_once(world, make_step, follow):
    task = world.task(make_step("touch made.txt"))
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        first = await client.submit([task, task])
        other = await client.submit([task.model_copy(update={"task_id": 8})])
        await follow(client)
    assert [a.outcome for a in (*first, *other)] == ["accepted", "already", "refused"]
    assert len(world.dsm.manifests) == 1


async def test_a_log_holds_what_the_tool_printed_and_no_path_of_ours(world, make_step, follow):
    task = world.task(make_step('echo "read $1 in $PWD"; echo no >&2; touch made.txt'))
    world.dsm.add("in", 1, "x", basename="orders.dat")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([task])
        await follow(client)
    assert world.dsm.texts("t1-log") == ["read orders.dat in \nno\n"]


async def test_a_port_may_be_the_log(world, make_step, follow):
    step = make_step("echo out > o.txt; echo err > e.txt", ports=("o.txt", "e.txt"), log_port="e")
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        await follow(client)
    assert world.dsm.texts("t1-out") == ["out\n"]
    assert world.dsm.texts("t1-log") == ["err\n"]


async def test_the_environment_of_a_job_is_clean(world, make_step, follow, monkeypatch):
    monkeypatch.setenv("PENSTOCK_SECRET", "hidden")
    task = world.task(make_step("env | cut -d= -f1 | sort | tr '\\n' ' ' > made.txt"))
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot() as client:
        await client.submit([task])
        await follow(client)
    names = re.split(r"\s+", world.dsm.texts("t1-out")[0].strip())
    assert set(names) <= {"HOME", "LC_ALL", "PATH", "PWD", "TMPDIR", "OLDPWD", "SHLVL", "_"}
