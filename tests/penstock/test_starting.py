"""``penstock up`` and ``penstock demo`` before anything runs: what is refused at the door."""

import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.data_folder import open_log
from penstock.demo.scenario import read_templates
from penstock_core.errors import InvalidInput


def penstock(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "penstock", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_makes_no_admin(tmp_path: Path, taken: int):
    ended = penstock("up", "--data-dir", tmp_path, "--port", taken)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"Port {taken} cannot be had: Address already in use." in ended.stderr
    assert "--port 0" in ended.stderr
    assert not (tmp_path / "data-access.db").exists()


@pytest.mark.parametrize("folder", ["/dev/null", "/dev/null/below", "/proc/penstock"])
@pytest.mark.parametrize("command", ["up", "demo"])
def test_an_unusable_folder_is_an_error_with_a_hint(folder: str, command: str):
    ended = penstock(command, "--data-dir", folder, "--port", 0)
    assert ended.returncode == 1
    assert f"Error: {folder} cannot be the data folder" in ended.stderr
    assert "Hint:" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("up", "--port", "65536"),
        ("demo", "--port", "-1"),
        ("demo", "--speed", "0"),
        ("demo", "--speed", "-1"),
        ("demo", "--speed", "nan"),
    ],
)
def test_numbers_that_cannot_be_are_wrong_usage(words: tuple[str, ...], command):
    ran = command(*words)
    assert (ran.code, ran.out) == (2, "")
    assert words[1] in ran.err


@pytest.mark.parametrize("name", ["none", "empty"])
def test_a_demo_without_templates_does_not_begin(tmp_path: Path, name: str):
    (tmp_path / "empty").mkdir()
    data_dir, templates = tmp_path / "data", tmp_path / name
    ended = penstock("demo", "--data-dir", data_dir, "--templates", templates, "--exit")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"Error: {templates}" in ended.stderr
    assert not (data_dir / "data-access.db").exists()


def test_a_folder_of_one_template_is_a_folder_of_templates(templates: Path):
    assert [template.name for template in read_templates(templates / "md5")] == ["md5"]
    assert len(read_templates(templates)) == 4
    with pytest.raises(InvalidInput):
        read_templates(templates / "md5" / "template.yaml")


def test_the_log_is_for_its_owner_alone(tmp_path: Path):
    handler = open_log(tmp_path)
    handler.close()
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
