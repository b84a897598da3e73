"""The tutorial is run as it stands: its files written, its commands given, its answers seen."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.penstock.conftest import ROOT

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
FILE = re.compile(r"^`(\S+)`:\n\n```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITHIN_S = 90

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder with a running Penstock, as after the tutorial's first step."""
    command = [sys.executable, "-m", "penstock", "up", "--port", "0"]
    with (tmp_path / "up.log").open("w") as log:
        running = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
        try:
            _until((tmp_path / "penstock-data" / "url").exists)
            yield tmp_path
        finally:
            running.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()
            running.wait()


def _until(good) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _run(words: str | list[str], folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        words,
        shell=isinstance(words, str),
        cwd=folder,
        env=os.environ | {"PATH": path, "XDG_CONFIG_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + (folder / "up.log").read_text()
    return " ".join((done.stdout + done.stderr).split())


def test_the_tutorial_does_what_it_says(folder):
    for name, text in FILE.findall(TUTORIAL):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    commands = CONSOLE.findall(TUTORIAL)
    assert len(commands) > 6
    for command, answer in commands:
        seen: list[str] = []

        def is_seen(command=command, answer=answer, seen=seen) -> bool:
            seen[:] = [_run(command, folder)]
            return all(" ".join(line.split()) in seen[0] for line in answer.splitlines())

        try:
            _until(is_seen)
        except AssertionError:
            pytest.fail(f"{command} gave: {seen}")
    for script in PYTHON.findall(TUTORIAL):
        assert "total.txt" in _run([sys.executable, "-c", script], folder)
