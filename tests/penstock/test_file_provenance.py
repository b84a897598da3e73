"""``penstock file provenance`` against a whole Penstock: every format, to a terminal and a file."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from prov.model import ProvDocument
from rocrate.rocrate import ROCrate
from tests.penstock.conftest import ROOT, Served, System, stock
from tests.penstock.crates import refs

from penstock.client import Penstock
from penstock_core.contracts.workflow import Way

RAW = "run1.test.raw"
OUT = f"{RAW}.decoding-reconstruction.decoding.v1"
MADE = f"{OUT}.000001.output_dataset.txt"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A Penstock of its own: others count the files and jobs of theirs."""
    with Served(tmp_path_factory.mktemp("provenance")) as system:
        yield system


@pytest.fixture(scope="module")
def ran(system) -> None:
    """One file of the dataset, and a job that made another one of it."""
    stock(system)
    with httpx2.Client(base_url=system.url) as http:
        form = {"username": system.username, "password": system.password}
        http.headers["authorization"] = bearer(http.post("/auth/jwt/login", data=form))
        base = system.data_dir.parent / "made-elsewhere"
        base.mkdir()
        storage = ok(http.post("/api/v1/storage", json={"name": "else", "base": str(base)}))
        for dataset, name in ((RAW, "run1.000001.raw"), (OUT, MADE)):
            (base / name).write_text("ten bytes\n")
            page = ok(http.get("/api/v1/dataset", params={"name": dataset}))
            told = {
                "datasetId": page["items"][0]["uid"],
                "storageId": storage["uid"],
                "path": str(base / name),
                "size": 10,
                "checksum": "ad:12345678",
                "sequence": 1,
            }
            ok(http.post("/api/v1/file/", json=told))
        secret = (system.data_dir / "secrets" / "task-manager").read_text()
        body = {"service": "task-manager", "secret": secret}
        http.headers["authorization"] = bearer(http.post("/auth/service/token", json=body))
        told_once = {"follower": "told by hand", "expected": 0, "cursor": 1}
        ok(http.post("/task/observed", json=told_once | {"tasks": [], "jobs": [job()]}))


def job() -> dict[str, Any]:
    return {
        "task_id": 1,
        "index": 1,
        "state": "FINISHED",
        "attempts": 1,
        "exit_code": 0,
        "reason": "",
        "host": "node7",
        "started_at": "2026-11-26T02:00:00Z",
        "ended_at": "2026-11-26T02:00:09Z",
        "inputs": ["run1.000001.raw"],
        "outputs": [MADE],
        "command": "echo run1.000001.raw",
        "environment": {"system": "penstock-pilot 0.1.0"},
    }


def ok(answer: httpx2.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def bearer(answer: httpx2.Response) -> str:
    return f"Bearer {ok(answer)['access_token']}"


def test_people_see_a_tree_and_what_stands_behind_it(signed_in, ran):
    out = signed_in("file", "provenance", MADE).out
    assert out.splitlines()[0].startswith(f"{MADE} 10 B adler32:12345678")
    assert "└── decoding job 1 of task 1" in out
    assert "$ echo run1.000001.raw" in out
    assert "decoding-reconstruction v1 by" in out
    assert "penstock-pilot 0.1.0; no container" in out


def test_down_leads_to_what_was_made_of_a_file(signed_in, ran):
    lines = signed_in("file", "provenance", "run1.000001.raw", "--down").out.splitlines()
    assert [line.strip("│├└─ ").partition(" ")[0] for line in lines[:4]] == [
        "run1.000001.raw",
        "decoding",
        "$",
        MADE,
    ]


def test_a_file_that_no_job_made_says_so(signed_in, ran):
    ran_up = signed_in("file", "provenance", "run1.000001.raw")
    assert (ran_up.code, "No job made it." in ran_up.out) == (0, True)


def test_a_file_that_is_not_there_says_where_to_look(signed_in, ran):
    missing = signed_in("file", "provenance", "no.such.file")
    assert (missing.code, missing.out) == (1, "")
    assert "There is no file 'no.such.file'" in missing.err


def test_programs_get_json(signed_in, ran, tmp_path):
    one = signed_in("file", "provenance", MADE, "--json").json
    assert [use["name"] for use in one["uses"]] == [MADE, "run1.000001.raw"]
    assert one["jobs"][0]["command"] == "echo run1.000001.raw"
    written = signed_in("file", "provenance", MADE, "--format", "json", "-o", tmp_path / "a/p.json")
    assert (written.code, written.out) == (0, "")
    assert json.loads((tmp_path / "a/p.json").read_text()) == one


def test_prov_is_written_in_both_its_notations(signed_in, ran, tmp_path):
    text = signed_in("file", "provenance", MADE, "--format", "prov").out
    document = ProvDocument.deserialize(content=text, format="json")
    signed_in("file", "provenance", MADE, "--format", "prov-n", "-o", tmp_path / "p.provn")
    lines = (tmp_path / "p.provn").read_text().splitlines()
    assert sorted(lines) == sorted(document.get_provn().splitlines())


def test_a_crate_is_a_folder_or_a_zip(signed_in, ran, tmp_path):
    said = signed_in("file", "provenance", MADE, "--format", "crate", "-o", tmp_path / "crate")
    assert said.out.endswith("crate: 1 jobs, files by their URL.\n")
    action = ROCrate(tmp_path / "crate").get("#workflow/1")
    assert [each["name"] for each in refs(action, "result")] == [MADE]
    zipped = tmp_path / "crate.zip"
    said = signed_in("file", "provenance", MADE, "--format", "crate", "-o", zipped, "--with-files")
    assert "2 of 2 files are inside" in said.out
    assert ROCrate(zipped).get(f"files/{MADE}") is not None


def test_a_crate_needs_a_place(signed_in, ran):
    refused = signed_in("file", "provenance", MADE, "--format", "crate")
    assert refused.code == 1
    assert "-o provenance.zip" in refused.err


def test_a_tree_is_written_to_a_file_whole(signed_in, ran, tmp_path):
    signed_in("file", "provenance", MADE, "-o", tmp_path / "tree.txt")
    assert (tmp_path / "tree.txt").read_text().startswith(MADE)


def test_the_commands_of_the_page_do_what_it_says(signed_in, ran, tmp_path):
    page = (ROOT / "docs" / "reference" / "provenance.md").read_text()
    lines = re.findall(r"^penstock (file provenance NAME.*?)(?: +#.*)?$", page, re.MULTILINE)
    assert len(lines) == 8
    for line in lines:
        done = signed_in(*line.replace("NAME", MADE).split())
        assert done.code == 0, line
        assert bool(done.out) == ("-o" not in line or "crate" in line), line
    written = {"tree.txt", "file.prov.json", "file.crate.zip", "file.crate"}
    assert written <= {each.name for each in tmp_path.iterdir()}


def test_python_gets_the_same(system, ran):
    with Penstock(system.url, system.username, system.password) as penstock:
        lineage = penstock.provenance("run1.000001.raw", Way.DOWN)
    assert [use.name for use in lineage.uses] == ["run1.000001.raw", MADE]
