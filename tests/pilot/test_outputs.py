"""Outputs that are neither a file nor a list of files: stored as JSON, with the files they name."""

import json
from pathlib import Path
from typing import Any

import pytest

from pilot import outputs
from pilot.model import JobError
from pilot.outputs import Made, Outputs
from recipe.model import Port


def made(folder: Path, value: Any) -> list[Made]:
    reader = Outputs((folder,), folder, lambda one: f"stored.{one.part}.{one.basename}")
    return reader.files({"o": value}, [Port(name="o", kind="object", optional=True)])


def told(found: list[Made]) -> Any:
    assert (found[-1].part, found[-1].basename) == (None, "o.json")
    return json.loads(found[-1].path.read_text())


def file(path: Path, text: str = "x", **more: Any) -> dict[str, Any]:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return {"class": "File", "location": path.as_uri(), "basename": path.name} | more


@pytest.mark.parametrize("value", [3, "text", [1, [2.5]], {"a": {"b": None}}, False])
def test_a_value_is_stored_as_it_is(tmp_path, value):
    found = made(tmp_path, value)
    assert (len(found), told(found)) == (1, value)


def test_nothing_is_no_file(tmp_path):
    assert made(tmp_path, None) == []


def test_files_in_a_record_are_stored_and_named_by_their_stored_names(tmp_path):
    value = {"n": 1, "files": [file(tmp_path / "a"), file(tmp_path / "b")]}
    found = made(tmp_path, value)
    assert [(one.part, one.basename) for one in found[:-1]] == [(1, "a"), (2, "b")]
    assert told(found) == {
        "n": 1,
        "files": [
            {"class": "File", "basename": "a", "location": "stored.1.a"},
            {"class": "File", "basename": "b", "location": "stored.2.b"},
        ],
    }


def test_what_lies_beside_a_file_goes_with_it(tmp_path):
    value = file(tmp_path / "a.bam", secondaryFiles=[file(tmp_path / "a.bai")])
    found = made(tmp_path, value)
    assert [one.basename for one in found] == ["a.bam", "a.bai", "o.json"]
    assert told(found)["secondaryFiles"][0]["location"] == "stored.2.a.bai"


def test_a_folder_is_stored_file_by_file_and_told_as_a_tree(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    file(folder / "b")
    file(folder / "sub" / "c")
    (folder / "empty").mkdir()
    found = made(tmp_path, {"class": "Directory", "location": folder.as_uri()})
    assert [one.basename for one in found] == ["b", "c", "o.json"]
    tree = told(found)
    assert (tree["class"], tree["basename"]) == ("Directory", "out")
    assert [(one["class"], one["basename"]) for one in tree["listing"]] == [
        ("File", "b"),
        ("Directory", "empty"),
        ("Directory", "sub"),
    ]


def test_a_folder_that_is_a_listing_alone_is_stored_too(tmp_path):
    literal = {"class": "File", "basename": "t", "contents": "text"}
    found = made(tmp_path, {"class": "Directory", "basename": "d", "listing": [literal]})
    assert [one.path.read_text() for one in found[:-1]] == ["text"]


def test_no_link_leads_out_of_the_folder_or_in_a_ring(tmp_path):
    folder = tmp_path / "job" / "out"
    folder.mkdir(parents=True)
    value = {"class": "Directory", "location": folder.as_uri()}
    (folder / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(JobError, match="outside of the job's folder"):
        made(tmp_path / "job", value)
    (folder / "passwd").unlink()
    (folder / "ring").symlink_to(folder)
    with pytest.raises(JobError, match="a link to a folder"):
        made(tmp_path / "job", value)


def test_there_is_a_limit_to_what_is_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "MOST_FILES", 1)
    with pytest.raises(JobError, match="more than 1 files"):
        made(tmp_path, [file(tmp_path / "a"), file(tmp_path / "b")])
    monkeypatch.setattr(outputs, "MOST_OBJECT_BYTES", 10)
    with pytest.raises(JobError, match="Write it to a file"):
        made(tmp_path, "x" * 11)
