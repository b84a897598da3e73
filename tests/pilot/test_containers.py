"""Containers: what is asked of an engine, what is refused, and real ones where podman runs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock_core.states import JobState
from pilot.container_choice import ContainerPolicy, contained
from pilot.container_request import ContainerRequest, read
from pilot.engine import LABEL, Engine, Limits, find
from pilot.model import JobError
from pilot.settings import PilotSettings

IMAGE = "localhost/penstock-test:1"
ENTERED = "localhost/penstock-test:entered"
OPTIONS = ((), ("--runtime=runc", "--ulimit=nproc=1000:1000"), ("--cgroups=disabled",))
PODMAN = Engine("/usr/bin/podman", "podman 4", ("--device=/dev/x",), "here")
LIMITS = Limits(memory_bytes=1 << 30, processes=100, open_files=64, network=False)


def tool(**more: Any) -> dict[str, Any]:
    return {"class": "CommandLineTool", "baseCommand": "true", "inputs": {}, "outputs": {}} | more


REQUIRED = tool(requirements=[{"class": "DockerRequirement", "dockerPull": IMAGE}])
HINTED = tool(hints={"DockerRequirement": {"dockerPull": IMAGE}})


def workflow(*tools: dict[str, Any], **more: Any) -> dict[str, Any]:
    steps = [{"id": f"s{n}", "in": [], "out": [], "run": one} for n, one in enumerate(tools)]
    return {"class": "Workflow", "steps": steps} | more


@pytest.mark.parametrize(
    ("document", "required", "hinted"),
    [
        (tool(), False, False),
        (REQUIRED, True, True),
        (HINTED, False, True),
        (workflow(REQUIRED, REQUIRED), True, True),
        (workflow(tool(), tool(), requirements=REQUIRED["requirements"]), True, True),
        (workflow(REQUIRED, {"class": "ExpressionTool", "expression": "${}"}), True, True),
        (workflow(REQUIRED, HINTED), None, True),
        (workflow(HINTED, tool()), False, None),
    ],
)
def test_which_jobs_run_in_containers(
    document: Any, required: bool | None, hinted: bool | None
) -> None:
    for policy, wanted in (
        (ContainerPolicy.REQUIRED, required),
        (ContainerPolicy.HINTED, hinted),
    ):
        if wanted is None:
            with pytest.raises(JobError, match="only some of its tools"):
                contained(document, policy, PODMAN)
        else:
            assert contained(document, policy, PODMAN) is wanted


def test_without_an_engine_what_requires_one_is_refused_and_says_what_to_do() -> None:
    assert not contained(HINTED, ContainerPolicy.HINTED, None)
    with pytest.raises(JobError, match=r"no podman, docker or apptainer.*under hints"):
        contained(workflow(REQUIRED), ContainerPolicy.REQUIRED, None)
    with pytest.raises(JobError, match="PENSTOCK_PILOT_CONTAINERS is never"):
        contained(REQUIRED, ContainerPolicy.NEVER, PODMAN)


def request(folder: Path, **more: Any) -> ContainerRequest:
    mounts = [{"source": str(folder), "target": "/var/spool/cwl", "writable": True}]
    told: dict[str, Any] = {"number": 1, "image": IMAGE, "command": ["cat", "a b", "--rm"]}
    told |= {"mounts": mounts, "env": {"HOME": "/x;y"}, "workdir": "/var/spool/cwl"} | more
    import json

    return read(json.dumps(told))


def test_a_container_has_no_rights_and_no_network(tmp_path: Path) -> None:
    command = PODMAN.command(request(tmp_path), "name", tmp_path, LIMITS)
    words = set(command[: command.index(IMAGE)])
    assert {"--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"} <= words
    assert {"--network=none", "--pids-limit=100", "--memory=1073741824", "--env=HOME=/x;y"} <= words
    assert {f"--user={os.geteuid()}:{os.getegid()}", f"--label={LABEL}=here"} <= words
    assert f"--mount=type=bind,source={tmp_path},target=/var/spool/cwl" in words
    assert "--device=/dev/x" in words
    assert command[command.index(IMAGE) :] == [IMAGE, "cat", "a b", "--rm"]
    free = Limits(1 << 30, 100, 64, network=True)
    assert "--network=none" not in PODMAN.command(request(tmp_path), "name", tmp_path, free)


def test_apptainer_is_asked_in_its_own_words(tmp_path: Path) -> None:
    apptainer = Engine("/usr/bin/apptainer", "apptainer 1")
    command = apptainer.command(request(tmp_path), "name", tmp_path, LIMITS)
    assert {"--containall", "--no-privs", "--network=none"} <= set(command)
    assert f"--bind={tmp_path}:/var/spool/cwl:rw" in command
    assert command[-4:] == [f"docker://{IMAGE}", "cat", "a b", "--rm"]


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"image": "--privileged"}, "no name of a container image"),
        ({"image": "x y"}, "no name of a container image"),
        ({"mounts": [{"source": "/etc", "target": "/in"}]}, "not the job's own"),
        ({"mounts": [{"source": "{folder}/away", "target": "/in"}]}, "not the job's own"),
        ({"mounts": [{"source": "{folder}/../x", "target": "/in"}]}, "not the job's own"),
        ({"mounts": [{"source": "{folder}/a,rw", "target": "/in"}]}, "comma"),
        ({"mounts": [{"source": "{folder}", "target": "/in,source=/etc"}]}, "comma"),
        ({"mounts": [{"source": "{folder}", "target": "/"}]}, "absolute"),
        ({"workdir": "x"}, "absolute"),
    ],
)
def test_what_is_not_the_jobs_own_is_not_given(
    tmp_path: Path, more: dict[str, Any], match: str
) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (tmp_path / "x").touch()
    (folder / "a,rw").touch()
    (folder / "away").symlink_to("/etc")
    for mount in more.get("mounts", ()):
        mount["source"] = mount["source"].format(folder=folder)
    with pytest.raises(JobError, match=match):
        request(folder, **more).checked((folder,))


@pytest.mark.parametrize(
    "more",
    [
        {"env": {"A=B": "c"}},
        {"env": {"A": "nul\0"}},
        {"command": [1]},
        {"number": 0},
        {"privileged": True},
        {"mounts": "x"},
    ],
)
def test_a_request_that_is_none_is_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(JobError, match="asked for no container"):
        request(tmp_path, **more)


def test_an_engine_that_does_not_answer_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find("") is None
    broken = tmp_path / "podman"
    broken.write_text("#!/bin/false\n")
    broken.chmod(0o755)
    assert find("") is None
    whole = tmp_path / "docker"
    whole.write_text("#!/bin/sh\necho Docker version 99\n")
    whole.chmod(0o755)
    found = find("")
    assert found is not None
    assert (found.name, found.version) == ("docker", "Docker version 99")
    assert find("podman") is None


def _code(*words: str | Path) -> int:
    return subprocess.run(words, check=False, capture_output=True, timeout=60).returncode


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PilotSettings]:
    """Give settings with which podman runs containers here, and an image of busybox."""
    podman, busybox = shutil.which("podman"), shutil.which("busybox")
    if not podman or not busybox:
        pytest.skip("podman and busybox are not here")
    root = tmp_path_factory.mktemp("image")
    (root / "bin").mkdir()
    shutil.copy(busybox, root / "bin" / "busybox")
    for name in ("sh", "cat", "id", "sleep", "md5sum", "touch", "ls", "wc"):
        (root / "bin" / name).symlink_to("busybox")
    archive = root.with_suffix(".tar")
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    entry = 'ENTRYPOINT ["/bin/sh", "-c", "echo entered >&2; exec \\"$@\\"", "entry"]'
    for words in (["--change", entry, archive, ENTERED], [archive, IMAGE]):
        if _code(podman, "import", "--quiet", *words):
            pytest.skip("podman keeps no images on this machine")
    for options in OPTIONS:
        limited = ["--memory=1g", "--pids-limit=100", "--ulimit=nofile=64:64", "--network=none"]
        if _code(podman, "run", "--rm", *limited, *options, IMAGE, "id") == 0:
            break
    else:
        pytest.skip("podman runs no containers on this machine")
    yield PilotSettings(
        slots=2,
        retry_first_pause_s=0.05,
        report_pause_s=0.05,
        engine="podman",
        engine_options=options,
        memory_bytes=1 << 30,
    )
    subprocess.run([podman, "rmi", "--force", IMAGE, ENTERED], check=False, capture_output=True)


NEEDS = {"DockerRequirement": {"dockerPull": IMAGE}}


async def test_a_tool_runs_in_its_container(world, make_step, follow, settings):
    script = "ls / > made.txt; id -u >> made.txt; cat $1 >> made.txt; echo told >&2"
    world.dsm.add("in", 1, "of the file")
    world.dsm.closed.add("in")
    async with world.pilot(settings) as client:
        await client.submit([world.task(make_step(script, requirements=NEEDS))])
        told = await follow(client, within_s=60)
    assert told.jobs[0].state is JobState.FINISHED, told.jobs[0]
    [text] = world.dsm.texts("t1-out")
    assert "etc" in text  # made by the engine
    assert "work" not in text.split()
    assert text.splitlines()[-1] == "of the file"
    assert text.splitlines()[-2] != "0"
    assert "told" in told.jobs[0].log_tail
    assert told.jobs[0].command.startswith(f"container {IMAGE} sh -c")


async def test_the_entry_point_of_an_image_comes_first(world, make_step, follow, settings):
    needs = {"DockerRequirement": {"dockerPull": ENTERED}}
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot(settings) as client:
        await client.submit([world.task(make_step("cat $1 > made.txt", requirements=needs))])
        told = await follow(client, within_s=60)
    assert told.jobs[0].state is JobState.FINISHED, told.jobs[0]
    assert "entered" in told.jobs[0].log_tail


async def test_a_container_has_no_network_and_ends_with_its_job(world, make_step, follow, settings):
    step = make_step("ls /sys/class/net > made.txt; sleep 600", requirements=NEEDS)
    step = step.model_copy(
        update={"resources": step.resources.model_copy(update={"time_limit_s": 3})}
    )
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    async with world.pilot(settings) as client:
        await client.submit([world.task(step, retry=0)])
        told = await follow(client, within_s=60)
    assert told.jobs[0].state is JobState.FAILED
    assert "3 s" in told.jobs[0].reason
    assert _running() == ""


async def test_a_failure_in_a_container_is_the_tools(world, make_step, follow, settings):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    none = {"DockerRequirement": {"dockerPull": "localhost/penstock-none:1"}}
    async with world.pilot(settings) as client:
        await client.submit(
            [
                world.task(make_step("exit 7", requirements=NEEDS), retry=0),
                world.task(make_step("true", requirements=none), name="none", retry=0),
            ]
        )
        told = await follow(client, tasks=2, within_s=60)
    by_code = {job.exit_code: job for job in told.jobs}
    assert by_code.keys() == {7, 125}
    assert "penstock-none" in by_code[125].log_tail


async def test_a_hint_is_taken_where_the_operator_says_so(world, make_step, follow, settings):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    step = make_step("ls / > made.txt", hints=NEEDS)
    hinted = settings.model_copy(update={"containers": ContainerPolicy.HINTED})
    async with world.pilot(hinted) as client:
        await client.submit([world.task(step)])
        told = await follow(client, within_s=60)
    assert told.jobs[0].command.startswith(f"container {IMAGE}")


async def test_a_hint_alone_runs_without_a_container(world, make_step, follow):
    world.dsm.add("in", 1, "x")
    world.dsm.closed.add("in")
    step = make_step("cat $1 > made.txt", hints=NEEDS)
    assert step.fast is None
    async with world.pilot() as client:
        await client.submit([world.task(step)])
        told = await follow(client)
    assert told.jobs[0].state is JobState.FINISHED
    assert told.jobs[0].command.startswith("sh -c")


async def test_what_a_killed_pilot_left_is_ended(world, settings):
    engine = Engine(shutil.which("podman") or "", "", (), str(world.data_dir.absolute()))
    start = ["run", "--detach", "--network=none", f"--label={LABEL}={engine.owner}"]
    limited = ["--ulimit=nofile=64:64", *settings.engine_options]
    subprocess.run(
        [engine.path, *start, *limited, IMAGE, "sleep", "600"], check=True, capture_output=True
    )
    assert _running()
    async with world.pilot(settings):
        assert _running() == ""


def _running() -> str:
    command = ["podman", "ps", "--quiet", f"--filter=label={LABEL}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
