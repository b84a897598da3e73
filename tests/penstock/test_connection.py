"""Which Penstock a command speaks with: never silently another one."""

from pathlib import Path

import pytest

from penstock.cli.connection import Place, find_place
from penstock.cli.settings import CliSettings
from penstock_core.errors import InvalidInput, NotFound

HERE, THERE = "http://127.0.0.1:1", "http://127.0.0.1:2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "url").write_text(HERE)
    return tmp_path


def test_a_folder_that_is_named_is_meant(folder: Path, tmp_path: Path):
    assert find_place("", folder, CliSettings()) == Place(HERE, folder)
    with pytest.raises(NotFound) as told:
        find_place("", tmp_path / "empty", CliSettings())
    assert told.value.hint == f"Start it with: penstock up --data-dir {tmp_path / 'empty'}"


def test_the_command_line_is_stronger_than_the_environment(folder: Path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_URL", THERE)
    assert find_place(THERE, folder, CliSettings()) == Place(HERE, folder)
    monkeypatch.delenv("PENSTOCK_URL")
    monkeypatch.setenv("PENSTOCK_DATA_DIR", str(folder))
    assert find_place(THERE, folder, CliSettings()) == Place(THERE, None)
    assert find_place(HERE, folder, CliSettings()) == Place(HERE, folder)


def test_two_places_with_one_voice_are_refused(folder: Path, monkeypatch):
    with pytest.raises(InvalidInput, match="two Penstocks"):
        find_place(THERE, folder, CliSettings())
    monkeypatch.setenv("PENSTOCK_URL", THERE)
    monkeypatch.setenv("PENSTOCK_DATA_DIR", str(folder))
    with pytest.raises(InvalidInput, match="two Penstocks"):
        find_place(THERE, folder, CliSettings())


def test_an_explicit_folder_without_a_penstock_is_an_error(command, tmp_path):
    ran = command("task", "list", "--data-dir", tmp_path / "none")
    assert (ran.code, ran.out) == (1, "")
    assert f"No Penstock runs in {tmp_path / 'none'}" in ran.err
    assert f"penstock up --data-dir {tmp_path / 'none'}" in ran.err


def test_without_the_operators_secret_one_is_told_so(command, folder):
    ran = command("task", "list", "--data-dir", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "cannot read the operator's secret" in ran.err
    assert "penstock login" in ran.err


def test_a_penstock_that_stopped_is_told_with_its_folder(command, folder):
    (folder / "url").write_text("http://127.0.0.1:9")
    (folder / "secrets").mkdir()
    (folder / "secrets" / "operator").write_text("x")
    ran = command("task", "list", "--data-dir", folder)
    assert ran.code == 1
    assert f"Start it with: penstock up --data-dir {folder}" in ran.err


def test_with_nothing_named_and_nobody_signed_in_both_ways_are_told(command):
    ran = command("task", "list")
    assert ran.code == 1
    assert "no Penstock runs in penstock-data" in ran.err
    assert "penstock up --data-dir penstock-data" in ran.err
