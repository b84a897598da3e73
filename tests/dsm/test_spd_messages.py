"""What SPD's messages do, and what is said of those that cannot be."""

import json

import pytest
from tests.dsm.conftest import intake, told_file

from penstock_core.contracts.dsm import NewDataset

PROCESS = "e742438aa8bbf4d034408f07a654308d"


async def dataset(world, name):
    page = await world.dsm.datasets(name=name)
    (found,) = page.items
    return found


async def test_file_input_opens_its_dataset(world, storage):
    outcome = await world.tell(
        "file.input",
        {
            "datasetName": "run42.test.raw",
            "files": [told_file(storage, "f7", sequence=7), told_file(storage, "f8")],
            "detector": "barrel",
        },
    )
    found = await dataset(world, "run42.test.raw")

    assert outcome.status == "OK"
    assert found.uid in outcome.details
    assert (found.scope, found.files, found.size_bytes) == ("daq", 2, 200)
    assert found.metadata == {"detector": "barrel"}
    contents = await world.dsm.contents(found.uid)
    assert [(f.name, f.index) for f in contents.files] == [("f7", 7), ("f8", 8)]


async def test_a_repeated_message_changes_nothing(world, storage):
    body = {"datasetName": "a", "files": [told_file(storage, "f1")]}
    message = intake("dsm.register", "file.input", body)
    (first,) = await world.dsm.take_in([message])
    before = await dataset(world, "a")
    events = await world.dsm.events(0)

    again, once_more = await world.dsm.take_in([message, message])
    renamed = await world.tell("file.input", body)

    assert (first.status, again.status, once_more.status) == ("OK", "REPEAT", "REPEAT")
    assert first.details == again.details
    assert renamed.status == "OK"
    assert await dataset(world, "a") == before
    assert await world.dsm.events(0) == events


async def test_an_id_used_for_another_message_is_another_message(world, storage):
    one, two = ({"datasetName": "a", "files": [told_file(storage, n)]} for n in ("f1", "f2"))
    first = await world.dsm.take_in([intake("dsm.register", "file.input", one, "1")])
    second = await world.dsm.take_in([intake("dsm.register", "file.input", two, "1")])

    assert first[0].status == second[0].status == "OK"
    assert (await dataset(world, "a")).files == 2


async def test_file_process_attaches_to_its_dataset(world, storage):
    (made,) = await world.dsm.create_datasets([NewDataset(name="a", scope="user", namespace="n1")])
    file = {"storageId": storage, "path": "test_file_process2", "size": 100, "checksum": PROCESS}
    outcome = await world.tell("file.process", {"datasetId": made.uid, "files": [file]})

    assert outcome.status == "OK"
    (found,) = (await world.dsm.contents(made.uid)).files
    assert (found.name, found.checksum) == ("test_file_process2", f"md5:{PROCESS}")


async def test_dataset_input_told_closed_announces_its_files(world, storage):
    body = {
        "datasetName": "a",
        "scope": "daq",
        "metadata": {"run": 42},
        "files": [told_file(storage, "f1"), told_file(storage, "f2")],
        "closed": True,
    }
    outcome = await world.tell("dataset.input", body)
    found = await dataset(world, "a")

    assert f"datasetId = {found.uid}" in outcome.details
    assert (found.files, found.announced, found.metadata) == (2, 2, {"run": 42})
    assert found.state == "OPEN"


async def test_dataset_close_announces_the_count_or_what_is_there(world, storage):
    for name, files in (("a", 10), ("b", None)):
        await world.tell("file.input", {"datasetName": name, "files": [told_file(storage, name)]})
        uid = (await dataset(world, name)).uid
        body = {"datasetId": uid} | ({"files": files} if files else {})
        outcome = await world.tell("dataset.close", body)
        assert outcome.status == "OK"

    assert (await dataset(world, "a")).announced == 10
    assert (await dataset(world, "b")).announced == 1


async def test_dataset_delete_marks_it_deleted(world, storage):
    await world.tell("file.input", {"datasetName": "a", "files": [told_file(storage, "f1")]})
    uid = (await dataset(world, "a")).uid
    outcomes = await world.tell("dataset.delete", {"datasetId": uid}, {"datasetId": uid})

    assert [o.status for o in outcomes] == ["OK", "OK"]
    assert (await dataset(world, "a")).state == "DELETED"
    topics = [e.topic for e in (await world.dsm.events(0)).events]
    assert topics == ["dataset.registered", "file.registered", "dataset.deleted"]


async def test_dataset_upload_says_that_there_is_no_external_storage(world, storage):
    (made,) = await world.dsm.create_datasets([NewDataset(name="a")])
    outcome = await world.tell("dataset.upload", {"datasetId": made.uid, "storageId": storage})

    assert outcome.status == "ERROR"
    assert "no external storage is configured" in outcome.details


def _input(**changes):
    file = told_file("STORAGE", "f1") | changes
    return {"datasetName": "a", "files": [file]}


BAD = [
    ("file.input", "not { json", "the body is not JSON", ""),
    ("file.input", "[1, 2]", "Input should be an object", ""),
    ("file.input", {"datasetName": "a"}, "Field required", "files"),
    ("file.input", _input(size=-5), "greater than or equal to 0, not '-5'", "files.0.size"),
    ("file.input", _input(size=2**70), "less than or equal to", "files.0.size"),
    ("file.input", _input(path="../secret"), "not normal", "files.0.path"),
    ("file.input", _input(path="a/../../secret"), "not normal", "files.0.path"),
    ("file.input", _input(path="/etc/passwd"), "outside of its storage", "files.0.path"),
    ("file.input", _input(name="../f1"), "leads to another folder", "files.0.name"),
    ("file.input", _input(name="f\n1"), "control characters", "files.0.name"),
    ("file.input", _input(checksum="abc123"), "does not fit md5, which has 32", "files.0.checksum"),
    ("file.input", _input(checksum="ad:00"), "does not fit adler32", "files.0.checksum"),
    ("file.input", _input(checksum="rot13:00"), "algorithm that is not known", "files.0.checksum"),
    ("file.input", _input(storageId="nowhere"), "no storage 'nowhere'", "files.0.storageId"),
    ("file.input", _input() | {"datasetName": "a b"}, "no dataset name", "datasetName"),
    ("file.input", _input() | {"namespace": "a/b"}, "is no namespace", "namespace"),
    ("file.input", _input() | {"note": "nul \0"}, "NUL character", ""),
    ("file.input", '{"datasetName": "a", "files": [], "x": NaN}', "NaN", ""),
    ("file.process", {"datasetId": "nobody", "files": []}, "no dataset 'nobody'", "datasetId"),
    ("dataset.close", {"datasetId": "nobody", "files": 1}, "no dataset 'nobody'", "datasetId"),
    ("dataset.delete", {"datasetId": "nobody"}, "no dataset 'nobody'", "datasetId"),
    ("dataset.rename", {}, "takes no message 'dataset.rename'", "routing_key"),
]


@pytest.mark.parametrize(("key", "body", "message", "field"), BAD)
async def test_bad_input_is_refused_and_says_why(sqlite_world, storage, key, body, message, field):
    text = body if isinstance(body, str) else json.dumps(body)
    outcome = await sqlite_world.tell(key, text.replace("STORAGE", storage))

    assert outcome.status == "ERROR"
    assert message in outcome.details
    assert outcome.error["field"] == field
    assert outcome.error["hint"]
    assert (await sqlite_world.dsm.datasets()).items == ()
    assert (await sqlite_world.dsm.events(0)).events == ()


async def test_a_bad_message_spoils_none_of_the_others(world, storage):
    contradiction = told_file(storage, "f1", checksum="ad:00000001")
    outcomes = await world.tell(
        "file.input",
        {"datasetName": "a", "files": [told_file(storage, "f1")]},
        {"datasetName": "b", "files": [told_file(storage, "f2"), contradiction]},
        {"datasetName": "b", "files": [told_file("nowhere", "f3")]},
        "nonsense",
        {"datasetName": "c", "files": [told_file(storage, "f4")]},
    )

    assert [o.status for o in outcomes] == ["OK", "ERROR", "ERROR", "ERROR", "OK"]
    assert outcomes[1].error["error"] == "Duplicate"
    assert "adler32:00000001" in outcomes[1].details
    assert "md5:" in outcomes[1].details
    names = [d.name for d in (await world.dsm.datasets()).items]
    assert names == ["a", "c"]
    journal = await world.dsm.call("GET", "/api/v1/journal", dict, params={"outcome": "ERROR"})
    assert len(journal["items"]) == 3


async def test_a_closed_dataset_takes_no_files(world, storage):
    (made,) = await world.dsm.create_datasets([NewDataset(name="a")])
    await world.tell("dataset.delete", {"datasetId": made.uid})
    outcome = await world.tell(
        "file.input", {"datasetName": "a", "files": [told_file(storage, "f")]}
    )

    assert outcome.error["error"] == "Conflict"
    assert "is DELETED; nothing was attached" in outcome.details


async def test_what_the_database_refuses_is_the_message_s_own_fault(world, storage):
    body = {"datasetName": "a", "files": [told_file(storage, "f1")]}
    long = intake("dsm.register", "file.input", body, sender="x" * 600)
    good = intake("dsm.register", "file.input", body | {"datasetName": "b"})
    outcomes = await world.dsm.take_in([long, good])

    assert outcomes[1].status == "OK"
    assert len((await world.dsm.contents((await dataset(world, "b")).uid)).files) == 1
