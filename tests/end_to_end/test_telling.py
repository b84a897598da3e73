"""What ``penstock up`` and ``penstock demo`` tell the person who started them."""

import asyncio
import json
import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.end_to_end.processes import start_demo, start_up

from penstock.client import Penstock

SIGN_IN = re.compile(r"Sign in as (\S+), password (\S+)")


async def stopped(process) -> tuple[str, str]:
    """Return what a process has said, stopped as by Ctrl-C."""
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.to_thread(process.communicate, timeout=30)
    return out.decode(), err.decode()


async def answering(data_dir: Path, eventually: Callable) -> None:
    """Return once the Penstock of the folder answers."""

    async def look() -> bool:
        return (data_dir / "url").exists()

    await eventually(look, bool, 60)


async def test_a_demo_that_no_template_fits_ends_and_says_so(
    tmp_path: Path, templates: Path
) -> None:
    other = ("--templates", str(templates / "md5"), "--speed", "40")
    for run in (101983, 101984):
        demo = start_demo(tmp_path / "data", *other)
        out, err = await asyncio.to_thread(demo.communicate, timeout=120)
        (problem,) = json.loads(out)["problems"]
        said = err.decode()
        assert demo.returncode == 1
        assert problem.startswith(f"no template took swf.{run}.run")
        assert f"not right: {problem}" in said
        first = run == 101983
        assert len(SIGN_IN.findall(said)) == (2 if first else 0)
        assert ("penstock user password" in said) == (not first)


async def test_an_unfinished_run_is_taken_up_and_told(tmp_path: Path, eventually: Callable) -> None:
    data_dir = tmp_path / "data"
    demo = start_demo(data_dir)

    async def begun() -> bool:
        return bool(list((data_dir / "daq").glob("*/position.json")))

    await eventually(begun, bool, 60)
    await stopped(demo)
    up = start_up(data_dir, "--hold-jobs")

    async def sent() -> bool:
        return (data_dir / "daq" / "101983" / "done").exists()

    await eventually(sent, bool, 90)
    with Penstock.local(data_dir) as penstock:
        assert penstock.jobs_held()
    out, err = await stopped(up)
    assert "Going on with run 101983." in out
    assert "All messages of run 101983 are sent." in out
    assert f"penstock jobs release --data-dir {data_dir}" in out
    assert err == ""
    assert not (data_dir / "url").exists()


@pytest.mark.parametrize("verbose", [False, True])
async def test_logs_and_words_do_not_mix(
    tmp_path: Path, eventually: Callable, verbose: bool
) -> None:
    data_dir = tmp_path / "data"
    up = start_up(data_dir, *(["--hold-jobs", "--verbose"] if verbose else ["--hold-jobs"]))
    await answering(data_dir, eventually)
    out, err = await stopped(up)
    log = data_dir / "log"
    assert SIGN_IN.search(out)
    assert (f"Warnings go to {log}." in out, log.exists(), err == "") == (not verbose,) * 3
    if not verbose:
        assert '"log.level": "WARNING"' in log.read_text()
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
