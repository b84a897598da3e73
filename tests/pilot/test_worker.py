"""The worker process and what a job may leave behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penstock_core.sandbox.processes import descendants
from pilot.model import JobError
from pilot.outputs import Outputs
from recipe.model import Port

RUN_ONE_JOB = """
import asyncio, pathlib, sys
from pilot.worker.usage import Most
from pilot.worker_client import Order
from pilot.workers import Workers
from penstock_core.sandbox import Limits, choose
scratch, shelf, folder = map(pathlib.Path, sys.argv[1:])
workers = Workers(choose(), scratch, shelf)
cell = workers.cell(folder, shelf, Limits(), network=False)
most = Most(1 << 30, 1 << 30, 1000, 1 << 20, 100)
asyncio.run(workers.run(Order("1", cell, 60, most)))
"""
SLEEPS = {
    "cwlVersion": "v1.2",
    "class": "CommandLineTool",
    "baseCommand": ["sh", "-c", "(setsid sleep 97531 &); echo > started; sleep 97531"],
    "inputs": {},
    "outputs": {},
}


async def test_a_killed_pilot_takes_its_jobs_along(tmp_path):
    scratch, shelf = tmp_path / "scratch", tmp_path / "shelf"
    folder = scratch / "job"
    folder.mkdir(parents=True)
    shelf.mkdir()
    request = {"document": SLEEPS, "order": {}, "contained": False}
    (folder / "job.json").write_text(json.dumps(request))
    places = map(str, (scratch, shelf, folder))
    pilot = subprocess.Popen([sys.executable, "-c", RUN_ONE_JOB, *places])
    async with asyncio.timeout(20):
        while not list(folder.glob("work*/started")):
            await asyncio.sleep(0.05)
    family = descendants(pilot.pid)
    assert len(family) >= 5
    os.kill(pilot.pid, signal.SIGKILL)
    pilot.wait()
    async with asyncio.timeout(5):
        while any(_is_alive(pid) for pid in family):
            await asyncio.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def _file(path: Path, **other: object) -> dict[str, object]:
    return {"class": "File", "location": path.as_uri(), "basename": path.name} | other


def _made(folder: Path, value: object, *, many: bool = False) -> list[tuple[object, ...]]:
    found = Outputs((folder,), folder, str).files({"o": value}, [Port(name="o", many=many)])
    return [(made.part, made.basename, made.path.read_text()) for made in found]


def test_a_port_gives_one_file_several_or_none(tmp_path):
    one, two = tmp_path / "a b", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    assert _made(tmp_path, _file(one)) == [(None, "a b", "1")]
    assert _made(tmp_path, [_file(one), None, _file(two)], many=True) == [
        (0, "a b", "1"),
        (1, "two", "2"),
    ]
    assert _made(tmp_path, None) == []


def test_a_file_that_is_contents_alone_is_written(tmp_path):
    literal = {"class": "File", "basename": "x.txt", "contents": "text"}
    assert _made(tmp_path, literal) == [(None, "x.txt", "text")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"class": "Directory", "location": "file:///x"}, "as a file, and is Directory"),
        (3, "as a file, and is int"),
        ({"class": "File", "location": "file:///etc/hostname"}, "outside"),
        ({"class": "File", "location": "x", "secondaryFiles": [1]}, "secondaryFiles"),
    ],
)
def test_what_cannot_be_stored_fails_with_its_reason(tmp_path, value, message):
    with pytest.raises(JobError, match=message):
        _made(tmp_path, value)
