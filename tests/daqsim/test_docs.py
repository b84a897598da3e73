"""The examples of the simulator's page are run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from daqsim.mischief import KINDS
from daqsim.schedule import parse_schedule, read_schedule

PAGE = (Path(__file__).parents[2] / "docs" / "daqsim.md").read_text()
CONSOLE = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("command", "answer"), CONSOLE.findall(PAGE))
def test_an_example_says_what_the_page_says(tmp_path: Path, command: str, answer: str):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    for line in answer.splitlines():
        assert line in said


def test_the_schedule_of_the_page_is_epics():
    (text,) = YAML.findall(PAGE)
    epics = Path(__file__).parent / "epic" / "schedule.yml"
    assert parse_schedule(text, "daqsim.md") == read_schedule(epics)


def test_the_page_names_every_misbehaviour():
    assert {kind for kind in KINDS if f"`{kind}`" not in PAGE} == set()
