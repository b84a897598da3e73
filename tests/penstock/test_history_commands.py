"""Old data and versions at the command line: on a Penstock of their own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from tests.penstock.conftest import ROOT, Ran, Served, System

from penstock.client import Penstock

SPD = ROOT / "templates" / "spd" / "template.yaml"
NAME = "decoding-reconstruction"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A Penstock that has three datasets, of which its template came too late for all."""
    with Served(tmp_path_factory.mktemp("history")) as system:
        form = {"username": system.username, "password": system.password}
        token = httpx2.post(f"{system.url}/auth/jwt/login", data=form).json()["access_token"]
        names = ["run1.test.raw", "run2.test.raw", "run3.other"]
        httpx2.post(
            f"{system.url}/api/v1/dataset",
            json=[{"name": name, "producer": "daq"} for name in names],
            headers={"authorization": f"Bearer {token}"},
            timeout=60,
        ).raise_for_status()
        with Penstock(system.url, token=token) as penstock:
            template = penstock.upload(SPD)
            until(lambda: penstock.preview_backfill(template.template_id).counts.no_match == 1)
        yield system


def until(good: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def penstock(command, place, monkeypatch) -> Callable[..., Ran]:
    """Run commands as the admin of that Penstock."""
    monkeypatch.setenv("PENSTOCK_URL", place.url)
    monkeypatch.setenv("PENSTOCK_USERNAME", place.username)
    monkeypatch.setenv("PENSTOCK_PASSWORD", place.password)
    return command


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template's file, with one word changed."""
    folder = tmp_path_factory.mktemp("changed")
    for file in SPD.parent.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    text = (folder / SPD.name).read_text()
    (folder / SPD.name).write_text(text + "\nexclude: ['calib.*']\n")
    return folder / SPD.name


def test_a_template_made_too_late_takes_nothing_unasked(penstock):
    assert penstock("workflow", "list", "--json").json == []
    ran = penstock("template", "backfill", NAME, "--dry-run")
    assert "2 workflows to make; 0 there already, 0 in conflict, 1 without a match." in ran.out
    assert ran.code == 0
    assert "No workflow." in penstock("workflow", "list").out


def test_without_a_yes_nothing_is_made(penstock):
    ran = penstock("template", "backfill", NAME)
    assert (ran.code, "2 workflows to make" in ran.out) == (0, True)
    shown = penstock("template", "backfill", NAME, "--json").json
    assert [row["outcome"] for row in shown["rows"]].count("NEW") == 2
    assert penstock("workflow", "list", "--json").json == []
    assert "No backfill." in penstock("template", "backfills").out


def test_a_backfill_makes_what_it_showed(penstock):
    words = ("template", "backfill", NAME, "--name", "run1.*", "--because", "the first", "--yes")
    ran = penstock(*words)
    assert "run1.test.raw" in ran.out
    assert "Backfill 1: 1 workflow made (the first)." in ran.out
    made = penstock("workflow", "list", "--json").json
    assert [(w["dataset"], w["because"]) for w in made] == [
        ("run1.test.raw", "backfill 1: the first")
    ]
    assert penstock("template", "backfills", "--json").json[0]["made"] == 1
    assert "0 workflows to make; 1 there already" in penstock(*words).out


def test_a_workflow_is_shown_and_made_again(penstock):
    ran = penstock("workflow", "rerun", 1, "--because", "a lost disk", "--json")
    assert (ran.json["workflow"]["rerun"], len(ran.json["tasks"])) == (1, 2)
    assert ran.json["tasks"][0]["output_name"].endswith(".try1")
    text = penstock("workflow", "show", ran.json["workflow"]["workflow_id"]).out
    for word in ("a lost disk", "decoding", f"{NAME} version 1", "run1.test.raw"):
        assert word in text
    listed = penstock("workflow", "list", "--template", NAME, "--dataset", "run1.test.raw")
    assert listed.out.count(NAME) == 2
    ran = penstock("workflow", "rerun", 99)
    assert (ran.code, "penstock workflow list" in ran.err) == (1, True)


def test_a_version_is_tried_in_the_shadow_made_actual_and_rolled_back(penstock, changed):
    tried = penstock("template", "upload", changed, "--status", "shadow", "--json").json
    assert (tried["version"], tried["status"]) == (2, "SHADOW")
    report = penstock("template", "shadow", tried["template_id"])
    assert "0 taken by both" in report.out
    assert "decoding → reconstruction" in report.out
    assert penstock("template", "upload", changed, "--status", "actual").code == 0
    back = penstock("template", "rollback", NAME)
    assert f"{NAME} version 1 is ACTUAL again, in place of version 2." in back.out
    shown = penstock("template", "show", NAME)
    assert [word in shown.out for word in ("ACTUAL", "ARCHIVED", "catches up")] == [True] * 3
    again = penstock("template", "rollback", tried["template_id"])
    assert (again.code, "is ARCHIVED" in again.err) == (1, True)


def test_a_template_may_take_what_came_before_it_only_by_a_time_that_says_so(penstock, changed):
    words = ("--name", "later", "--effective-from", "2030-01-01", "--json")
    made = penstock("template", "upload", changed, *words).json
    assert made["effective_from"].startswith("2030-01-01T00:00:00")
