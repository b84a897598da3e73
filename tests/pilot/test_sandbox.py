"""What a job can reach, on each rung of the ladder that this machine has."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from penstock_core.errors import NoSandbox
from penstock_core.sandbox import Limits, Rung, choose, offers
from pilot.worker.ending import Ending
from pilot.worker.usage import Most
from pilot.worker_client import Order
from pilot.workers import Workers

HELD = [Rung.BUBBLEWRAP, Rung.NAMESPACES, Rung.LANDLOCK]
MOST = Most(1 << 30, 64 << 20, 2000, 1 << 20, 64)
LIMITS = Limits(cpu_s=20, memory_bytes=1 << 30, file_bytes=32 << 20, open_files=256, processes=64)


@dataclass
class Place:
    """A pilot's workers, and a way to run shell commands and Python as jobs."""

    workers: Workers
    scratch: Path
    shelf: Path
    jobs: int = 0

    async def python(self, code: str, **other: Any) -> "Ended":
        return await self.run(["python3", "-I", "-c", code], **other)

    async def shell(self, command: str, **other: Any) -> "Ended":
        return await self.run(["sh", "-c", command], **other)

    async def run(
        self,
        command: list[str],
        *,
        wall_s: float = 30,
        most: Most = MOST,
        limits: Limits = LIMITS,
        network: bool = False,
    ) -> "Ended":
        self.jobs += 1
        folder = self.scratch / f"job{self.jobs}"
        folder.mkdir()
        document = {
            "cwlVersion": "v1.2",
            "class": "CommandLineTool",
            "baseCommand": command,
            "inputs": {},
            "outputs": {"told": "stdout"},
        }
        request = {"document": document, "order": {}, "contained": False}
        (folder / "job.json").write_text(json.dumps(request))
        bundle = self.shelf / "own"
        bundle.mkdir(exist_ok=True)
        cell = self.workers.cell(folder, bundle, limits, network=network)
        ending = await self.workers.run(Order(str(self.jobs), cell, wall_s, most))
        return Ended(ending, folder)


@dataclass
class Ended:
    ending: Ending
    folder: Path

    @property
    def status(self) -> str:
        return str(json.loads((self.folder / "result.json").read_text())["status"])

    @property
    def told(self) -> str:
        result = json.loads((self.folder / "result.json").read_text())
        location = result["outputs"]["told"]["location"].removeprefix("file://")
        return Path(location).read_text()

    @property
    def log(self) -> str:
        return (self.folder / "payload.log").read_text()


@pytest.fixture(params=HELD)
def rung(request: pytest.FixtureRequest) -> Rung:
    [offer] = [offer for offer in offers() if offer.rung is request.param]
    if not offer.there:
        text = f"{offer.rung}: {offer.reason_against}"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return offer.rung


@pytest.fixture
async def place(rung: Rung, tmp_path: Path) -> AsyncIterator[Place]:
    scratch, shelf = tmp_path / "scratch", tmp_path / "shelf"
    scratch.mkdir()
    shelf.mkdir()
    workers = Workers(rung, scratch, shelf)
    yield Place(workers, scratch, shelf)
    await workers.close()


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "secret"
    path.write_text("hidden words")
    path.chmod(0o644)
    return path


async def test_a_job_works_in_its_folder_alone(place: Place, secret: Path) -> None:
    ended = await place.shell("id -u; pwd; echo mine > own && cat own; ls /etc | wc -l")
    assert (ended.ending, ended.status) == (Ending.EXITED, "success"), ended.log
    user, folder, mine, _ = ended.told.split()
    assert mine == "mine"
    assert folder.startswith(str(ended.folder))
    if place.workers.rung.has_namespaces and os.geteuid() == 0:
        assert user != "0"


async def test_files_outside_are_out_of_reach(place: Place, secret: Path) -> None:
    other = place.scratch / "other"
    other.mkdir()
    (other / "input").write_text("another job's")
    foreign = place.shelf / "foreign"
    foreign.mkdir()
    (foreign / "tool.py").write_text("another template's")
    for path in (secret, other / "input", foreign / "tool.py", Path("/etc/shadow")):
        ended = await place.shell(f"cat {path}; echo over > {path}; rm -f {path}; ln {path} here")
        assert "hidden" not in ended.log + str(list(ended.folder.rglob("here")))
        assert path.exists()
    assert secret.read_text() == "hidden words"
    assert (other / "input").read_text() == "another job's"


async def test_nothing_can_be_written_elsewhere(place: Place) -> None:
    interpreter = Path(sys.prefix)
    for folder in (Path("/"), Path("/usr"), Path("/etc"), interpreter, place.scratch, place.shelf):
        ended = await place.shell(f"echo x > {folder}/written-by-a-job")
        assert ended.status == "permanentFail", folder
        assert not (folder / "written-by-a-job").exists()


async def test_there_is_no_network(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = await place.python(
            f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        )
        assert ended.status == "permanentFail"
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


async def test_the_network_is_there_where_it_was_granted(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port})).sendall(b'here')"
        ended = await place.python(code, network=True)
        assert ended.status == "success", ended.log
        connection, _ = server.accept()
        with connection:
            assert connection.recv(10) == b"here"


async def test_local_services_are_out_of_reach(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "service"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0o777)
        server.listen()
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})"
        ended = await place.python(code)
        assert ended.status == "permanentFail"


async def test_other_processes_cannot_be_touched(place: Place) -> None:
    with subprocess.Popen(["sleep", "60"], env={"SECRET": "hidden words"}) as bystander:
        try:
            code = (
                f"import os; print(open('/proc/{bystander.pid}/environ').read())"
                f"\ntry: os.kill({bystander.pid}, 9)\nexcept OSError as error: print(error)"
            )
            ended = await place.python(code)
            assert "hidden words" not in ended.log
            await place.shell(f"kill -9 {bystander.pid}; kill -9 -1; kill -9 {os.getpid()}")
            assert bystander.poll() is None
        finally:
            bystander.kill()


async def test_neighbours_are_not_disturbed(place: Place) -> None:
    neighbour = asyncio.create_task(place.shell("sleep 2; echo well"))
    await asyncio.sleep(0.5)
    ended = await place.shell("kill -9 -1; kill -9 1; sleep 0.1; echo survived")
    assert ended.ending in (Ending.EXITED, Ending.KILLED, Ending.CRASHED)
    well = await neighbour
    assert (well.ending, well.told) == (Ending.EXITED, "well\n")


async def test_rights_cannot_be_gained(place: Place) -> None:
    code = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.unshare(0x10000000), libc.mount(b'x', b'/', b'tmpfs', 0, None),"
        " libc.ptrace(16, 1, 0, 0))\n"
        "print(open('/proc/self/status').read() if os.path.exists('/proc/self/status') else '')"
        if place.workers.rung.has_namespaces
        else "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "print(libc.unshare(0x10000000), libc.mount(b'x', b'/', b'tmpfs', 0, None),"
        " libc.ptrace(16, 1, 0, 0))"
    )
    ended = await place.python(code)
    assert ended.status == "success", ended.log
    assert ended.told.splitlines()[0] == "-1 -1 -1"
    if place.workers.rung.has_namespaces:
        facts = dict(line.split(":", 1) for line in ended.told.splitlines()[1:] if ":" in line)
        assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
        assert int(facts["NoNewPrivs"]) == 1
        assert int(facts["Seccomp"]) == 2


async def test_a_job_has_no_environment_of_ours(place: Place, monkeypatch: Any) -> None:
    monkeypatch.setenv("PENSTOCK_SECRET", "hidden words")
    ended = await place.shell("env")
    assert "hidden words" not in ended.told
    assert {line.partition("=")[0] for line in ended.told.splitlines()} <= {
        *("HOME", "LC_ALL", "PATH", "PWD", "TMPDIR", "SHLVL", "_", "OLDPWD"),
    }


async def test_a_job_cannot_have_processes_without_end(place: Place) -> None:
    # Five hundred are enough to tell: where this fails, the machine is to go on.
    code = "import os, time\nfor _ in range(500):\n    if os.fork() == 0:\n        time.sleep(60)"
    neighbour = asyncio.create_task(place.shell("sleep 1; date > d; cat d"))
    ended = await place.python(code)
    assert "Resource temporarily unavailable" in ended.log
    assert (await neighbour).status == "success"


async def test_a_job_that_takes_too_much_memory_fails(place: Place) -> None:
    ended = await place.python("a = bytearray(3 << 30)")
    assert (ended.ending, ended.status) == (Ending.EXITED, "permanentFail")
    assert "MemoryError" in ended.log
    eater = "import time; a = bytearray(b'x') * (200 << 20); time.sleep(20)"
    command = f'for i in 1 2 3 4; do python3 -I -c "{eater}" & done; wait'
    ended = await place.shell(command, most=replace(MOST, memory_bytes=400 << 20))
    assert ended.ending is Ending.TOO_MUCH_MEMORY


async def test_a_job_that_fills_the_disk_is_ended(place: Place) -> None:
    ended = await place.shell("dd if=/dev/zero of=big bs=1M count=40")
    assert ended.status == "permanentFail"  # the kernel's limit on one file
    many = (
        "for i in $(seq 100); do dd if=/dev/zero of=big$i bs=1M count=10 2>/dev/null; done; sleep 9"
    )
    assert (await place.shell(many)).ending is Ending.TOO_MUCH_DISK
    assert (await place.shell("yes | head -c 2000000 >&2")).ending is Ending.TOO_MUCH_LOG
    files = "for i in $(seq 3000); do : > f$i; done"
    assert (await place.shell(files)).ending is Ending.TOO_MANY_FILES


async def test_a_job_that_computes_too_long_is_ended(place: Place) -> None:
    short = replace(LIMITS, cpu_s=1)
    ended = await place.python("while True: pass", limits=short)
    assert ended.ending is Ending.EXITED
    assert ended.status == "permanentFail"
    ended = await place.shell("(setsid sleep 60 &); sleep 60", wall_s=1)
    assert ended.ending is Ending.OVERTIME


async def test_a_killed_worker_takes_its_jobs_along_and_is_replaced(place: Place) -> None:
    await place.workers.warm()
    [pid] = place.workers.pids
    running = asyncio.create_task(place.shell("sleep 60"))
    await asyncio.sleep(0.5)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Exception, match="died"):
        await running
    assert (await place.shell("echo again")).told == "again\n"


def test_a_rung_that_is_not_there_says_why(monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    offers.cache_clear()
    try:
        with pytest.raises(NoSandbox, match="bwrap is not installed") as told:
            choose("bubblewrap")
        assert "bubblewrap" in told.value.hint
        assert choose("none") is Rung.NONE
    finally:
        offers.cache_clear()
