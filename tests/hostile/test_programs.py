"""Hostile programs run as jobs of a whole house, beside an innocent neighbour."""

import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.end_to_end.conftest import eventually
from tests.end_to_end.world import World
from tests.hostile.documents import CANARY
from tests.hostile.programs import Program, Targets, programs
from tests.hostile.tally import Tally

from penstock.house import open_house
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.workflow import Task
from penstock_core.settings import HouseSettings

LIMITS = {
    "DEFAULT_TIME_LIMIT_S": "5",
    "MEMORY_BYTES": str(600 << 20),
    "MAX_FILE_BYTES": str(128 << 20),
    "MAX_DISK_BYTES": str(256 << 20),
    "MAX_FILES": "2000",
    "MAX_LOG_BYTES": str(4 << 20),
    "MAX_PROCESSES": "64",
    "RETRY_FIRST_PAUSE_S": "0.1",
    "LOST_LIMIT": "2",
}
INNOCENT = {
    "cwlVersion": "v1.2",
    "class": "CommandLineTool",
    "baseCommand": "cat",
    "inputs": {"f": {"type": "File", "inputBinding": {"position": 1}}},
    "outputs": {"o": {"type": "stdout"}},
    "stdout": "o",
}
SHORT = (
    *(
        "loops",
        "a secret",
        "a link to a secret",
        "over a secret",
        "TCP",
        "kills all",
        "forks and forks",
    ),
    *("memory", "a pipe", "told elsewhere", "a link for payload.log", "becomes root"),
)
NEIGHBOURS = 20


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[Targets]:
    secret = tmp_path / "secret"
    secret.write_text(f"{CANARY}\n")
    secret.chmod(0o644)
    environment = {"PATH": os.defpath, "SECRET": CANARY}
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        subprocess.Popen(["sleep", "1000"], env=environment) as bystander,
    ):
        port = server.getsockname()[1]
        other = tmp_path / "data" / "scratch" / "other" / "in" / "secret"
        yield Targets(str(secret), port, bystander.pid, str(other))
        assert bystander.poll() is None, "the bystander was killed"
        bystander.kill()
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    assert secret.read_text() == f"{CANARY}\n"


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    (folder / "detector").mkdir()
    settings = HouseSettings(data_dir=folder / "data", reconcile_every_s=1)
    async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
        yield World(clients, folder / "detector", eventually)


async def test_hostile_jobs_are_contained(
    tmp_path: Path, targets: Targets, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in LIMITS.items():
        monkeypatch.setenv(f"PENSTOCK_PILOT_{name}", value)
    chosen = list(programs(targets))
    if os.environ.get("HOSTILE") != "all":
        chosen = [one for one in chosen if one.name in SHORT]
    escaped = []
    async with world(tmp_path) as house:
        other = Path(targets.other)
        other.parent.mkdir(parents=True)
        other.write_text(CANARY)
        await house.upload(
            "innocent", {"main.cwl": json.dumps(INNOCENT)}, main="main.cwl", masks=("innocent",)
        )
        taken = []
        for number, one in enumerate(chosen):
            documents = {"main.cwl": json.dumps(one.tool)}
            name = f"hostile-{number}"
            await house.upload(name, documents, main="main.cwl", masks=("hostile",))
            taken.append((name, one))
        await house.arrive("hostile", [1], closed=True)
        await house.arrive("innocent", list(range(NEIGHBOURS)), closed=True)
        for name, one in taken:
            if reason := await _harm(house, name, one, tmp_path):
                escaped.append((one.name, reason))
            tally.add(one.family, one.name, "escaped" if reason else "contained")
        neighbour = (await house.ended("innocent", 1))["main"]
        assert neighbour.status == "FINISHED"
        assert neighbour.finished == NEIGHBOURS
        assert other.read_text() == CANARY
    assert escaped == []
    assert not list(Path("/").glob("*/penstock-was-here"))


async def _harm(house: World, template: str, program: Program, folder: Path) -> str:
    """Return what a program did that it should not have done; "" for nothing."""

    async def task() -> Task | None:
        page = await house.clients.data_access.tasks(dataset="hostile", limit=1000)
        return next((t for t in page.items if f".{template}." in t.output_name), None)

    ended = await eventually(task, lambda one: one is not None and one.status in _FINAL, 240)
    if ended.status not in program.ends:
        return f"its task ended {ended.status}: {ended.reason}"
    for path in (folder / "data" / "storage").rglob("*"):
        if path.is_file() and template in str(path) and CANARY.encode() in path.read_bytes():
            return f"the canary is in {path.name}"
    return ""


_FINAL = ("FINISHED", "FAILED", "CANCELLED", "PARTIAL", "SKIPPED")
