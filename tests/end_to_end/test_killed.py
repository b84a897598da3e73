"""Killed at twenty random moments, a run ends with the same files as one left in peace."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.processes import descendants, start_demo

from penstock.demo.result import Gatherer
from penstock.house import open_house
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings

KILLS = 20
SEED = 20261123

pytestmark = pytest.mark.slow


def kill_all(process: subprocess.Popen[bytes], with_children: bool) -> None:
    """Kill the system with SIGKILL; its child processes too, or left to notice by themselves."""
    below = descendants(process.pid) if with_children else []
    process.kill()
    for pid in below:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()


async def final_state(data_dir: Path, run: int) -> dict[str, Any]:
    """Return all datasets of a run with their files and checksums, as the system has them."""
    async with (
        open_house(HouseSettings(data_dir=data_dir), hold_jobs=True) as house,
        HouseClients(house.house, "operator") as clients,
    ):
        gatherer = Gatherer(clients.dsm, clients.data_access, f"swf.{run}.run")
        state: dict[str, Any] = {}
        for dataset in await gatherer.datasets():
            contents = await clients.dsm.contents(dataset.uid)
            state[dataset.name] = (
                dataset.state,
                sorted((f.index, f.port, f.name, f.size_bytes, f.checksum) for f in contents.files),
            )
    return state


def finish(data_dir: Path) -> dict[str, Any]:
    """Let the demonstration run to its end; return what it printed."""
    process = start_demo(data_dir)
    out, _ = process.communicate(timeout=120)
    result: dict[str, Any] = json.loads(out)
    assert (process.returncode, result["problems"]) == (0, [])
    return result


SHOWN = {
    "events_in",
    "events_decoded",
    "candidates",
    "z_peak_gev",
    "wall_s",
    "latency_s",
    "plot",
    "datasets",
    "tasks",
}


def check_shown(result: dict[str, Any]) -> None:
    """The object that ``--json`` prints has what it promises, and the numbers are right."""
    assert set(result) >= SHOWN
    assert (result["events_in"], result["events_decoded"]) == (2421, 2421)
    assert (result["candidates"], round(result["z_peak_gev"], 2)) == (1364, 90.86)
    assert Path(result["plot"]).read_bytes().startswith(b"\x89PNG")
    assert {d["state"] for d in result["datasets"]} == {"CLOSED"}
    assert all(d["closed_because"] for d in result["datasets"])
    assert [t["status"] for t in result["tasks"]] == ["FINISHED"] * 4


async def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    undisturbed = finish(tmp_path / "calm")
    check_shown(undisturbed)
    dice = random.Random(SEED)
    ended_early = 0
    for _ in range(KILLS):
        process = start_demo(tmp_path / "killed")
        time.sleep(dice.uniform(1.0, 5.0))
        ended_early += process.poll() is not None
        kill_all(process, with_children=dice.random() < 0.5)
    killed = finish(tmp_path / "killed") if not ended_early else undisturbed
    assert ended_early < KILLS / 2, "too fast for its killer: lower SPEED"
    run = undisturbed["run"]
    calm_state = await final_state(tmp_path / "calm", run)
    assert await final_state(tmp_path / "killed", run) == calm_state
    for figure in ("events_in", "events_decoded", "candidates", "z_peak_gev"):
        assert killed[figure] == undisturbed[figure]
