"""Messages that cannot be right: an ERROR reply, a dead letter with the reason, the journal."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.end_to_end.bad_input.conftest import Doors
from tests.end_to_end.conftest import eventually

from penstock_core.bus import Message
from penstock_core.rights import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

MD5 = hashlib.md5(b"raw", usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Stock:
    """A storage, and a dataset in it with one file."""

    folder: Path
    storage: str
    dataset: str

    def file(self, name: str, **more: Any) -> dict[str, Any]:
        """Write a file; return how a message tells of it."""
        (self.folder / name).write_bytes(b"raw")
        told = {"storageId": self.storage, "path": name, "size": 3, "checksum": MD5}
        return told | more


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stock(doors: Doors, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    folder = tmp_path_factory.mktemp("storage")
    new = {"name": "in", "base": str(folder)}
    storage = await doors.good("POST", "/api/v1/storage", Role.OPERATOR, json=new)
    stock = Stock(folder, storage["uid"], "")
    body = {"datasetName": "there.raw", "files": [stock.file("there.0")]}
    (reply,) = await doors.tell("file.input", body)
    assert reply["status"] == "OK"

    async def files() -> list[dict[str, Any]]:
        return (await doors.good("GET", "/api/v1/file/"))["items"]

    # What the inspector says of it comes by itself: it is none of what is tried here.
    await eventually(files, lambda seen: all(one["state"] == "VERIFIED" for one in seen))
    page = await doors.good("GET", "/api/v1/dataset", params={"name": "there.raw"})
    return Stock(folder, storage["uid"], page["items"][0]["uid"])


def told(change: Callable[[dict[str, Any]], Any]) -> Callable[[Stock], Any]:
    """Return how a good message is made bad: ``change`` gets its body."""

    def make(stock: Stock) -> Any:
        body = {"datasetName": "bad.raw", "files": [stock.file("a"), stock.file("b")]}
        return change(body) or body

    return make


def second(**more: Any) -> Callable[[Stock], Any]:
    """Return a message whose second file is bad."""
    return told(lambda body: body["files"][1].update(more))


BAD_FILES: tuple[tuple[Callable[[Stock], Any], str], ...] = (
    (told(lambda _: b'{"datasetName": "bad.raw", '), "the body is not JSON: "),
    (told(lambda _: b"\xff\xfe"), "the body is not JSON: "),
    (told(lambda _: [1, 2]), "the body: Input should be an object"),
    (told(lambda body: {"files": body["files"]}), "datasetName: Field required"),
    (told(lambda _: {"datasetName": "bad.raw"}), "files: Field required"),
    (told(lambda body: body | {"datasetName": "bad raw"}), "'bad raw' is no dataset name"),
    (told(lambda body: body | {"datasetName": "../bad"}), "'../bad' is no dataset name"),
    (told(lambda body: body | {"scope": "a/b"}), "'a/b' is no namespace, scope or run"),
    (told(lambda body: body["files"][1].pop("size") and None), "files.1.size: Field required"),
    (second(size=-5), "files.1.size: Input should be greater than or equal to 0, not '-5'"),
    (second(size="3 MB"), "files.1.size: Input should be a valid integer"),
    (second(size=2**63), "files.1.size: Input should be less than or equal to"),
    (second(name="../b"), "files.1.name: The file name '../b' leads to another folder"),
    (second(path="../b"), "files.1.path: The path '../b' is not normal"),
    (second(path="/etc/passwd"), "The path '/etc/passwd' lies outside of its storage"),
    (second(name="b\x1b[2J"), "holds control characters"),
    (second(checksum=MD5[:-1]), f"The checksum '{MD5[:-1]}' does not fit md5, which has 32"),
    (second(checksum=f"md6:{MD5}"), "has an algorithm that is not known"),
    (second(storageId="nowhere"), "There is no storage 'nowhere'"),
    (second(sequence=-1), "files.1.sequence: Input should be greater than or equal to 0"),
)


async def test_a_bad_message_is_refused_whole_and_its_neighbours_taken(
    doors: Doors, stock: Stock
) -> None:
    bodies = [make(stock) for make, _ in BAD_FILES]
    good = {"datasetName": "there.raw", "files": [stock.file("there.0")]}
    async with doors.unchanged():
        replies = await doors.tell("file.input", *(b for bad in bodies for b in (bad, good)))
    assert {reply["status"] for reply in replies[1::2]} == {"OK"}
    reasons = await doors.dead_reasons("dsm.register.file.input", len(bodies))
    noted = await doors.journal("file.input", len(bodies))
    for (_, said), reply in zip(BAD_FILES, replies[::2], strict=True):
        assert reply["status"] == "ERROR"
        assert said in reply["details"]
        assert "retrying" not in reply, "it will never be better"
        assert any(said in reason for reason in reasons), said
        assert any(said in details for details in noted), said


BAD_REQUESTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("file.process", {"datasetId": "gone", "files": []}, "There is no dataset 'gone'"),
    ("file.process", {"files": []}, "datasetId: Field required"),
    ("dataset.input", {"datasetName": "", "closed": True}, "'' is no dataset name"),
    ("dataset.input", {"datasetName": "bad.raw", "closed": "so"}, "closed: Input should be"),
    ("dataset.close", {"datasetId": "gone"}, "There is no dataset 'gone'"),
    ("dataset.close", {"datasetId": "gone", "files": -1}, "files: Input should be greater"),
    ("dataset.upload", {"datasetId": "gone"}, "storageId: Field required"),
    ("dataset.delete", {"datasetId": "gone"}, "There is no dataset 'gone'"),
)


async def test_each_queue_refuses_with_its_reason(doors: Doors) -> None:
    async with doors.unchanged():
        for key, body, said in BAD_REQUESTS:
            (reply,) = await doors.tell(key, body)
            assert (reply["status"], said in reply["details"]) == ("ERROR", True), reply
            (reason,) = await doors.dead_reasons(f"dsm.register.{key}", 1)
            assert said in reason
            assert said in (await doors.journal(key, 1))[0]


BAD_FACTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("stf_ready", {"run_id": 5, "filename": "../x.stf"}, "'../x.stf' leads to another folder"),
    ("stf_ready", {"filename": "x.stf"}, "run_id: Field required"),
    ("stf_gen", {"run_id": 5}, "filename: Field required"),
    ("end_run", {"run_id": 5, "total_stf_files": -1}, "total_stf_files: Input should be"),
    ("end_run", {"run_id": 5, "msg_type": "start_run"}, "its msg_type is 'start_run'"),
    ("start_run", {"run_id": "a/b"}, "'a/b' is no namespace, scope or run"),
    ("start_run", {"run_id": 5, "timestamp": "noon"}, "timestamp"),
)


async def test_a_bad_daq_message_is_a_dead_letter_and_makes_no_run(doors: Doors) -> None:
    async with doors.unchanged():
        await doors.bus.publish([Message.of_json("daq", key, body) for key, body, _ in BAD_FACTS])
        reasons = await doors.dead_reasons("dsm.daq", len(BAD_FACTS))
    for key, _, said in BAD_FACTS:
        assert any(said in reason for reason in reasons), said
        assert any(said in details for details in await doors.journal(key, 2)), said


async def test_the_same_file_otherwise_is_refused_and_both_are_named(
    doors: Doors, stock: Stock
) -> None:
    other = MD5[::-1]
    body = {"datasetName": "there.raw", "files": [stock.file("there.0", checksum=other)]}
    async with doors.unchanged():
        (reply,) = await doors.tell("file.input", body)
    assert reply["status"] == "ERROR"
    assert f"md5:{MD5}" in reply["details"]
    assert f"md5:{other}" in reply["details"]
    (reason,) = await doors.dead_reasons("dsm.register.file.input", 1)
    assert reason == reply["details"]


async def test_a_message_told_again_changes_nothing(doors: Doors, stock: Stock) -> None:
    body = {"datasetName": "there.raw", "files": [stock.file("there.0")]}
    async with doors.unchanged():
        first, again = await doors.tell("file.input", body, body)
    assert first["status"] == again["status"] == "OK"


UNPOSTABLE: tuple[tuple[str, Any, int, str], ...] = (
    ("dsm.register/file.inputs", [{"body": {}}], 404, "takes no message 'file.inputs'"),
    ("wfms.event/task.status", [{"body": {}}], 422, "exchange"),
    ("dsm.register/file.input", {"body": {}}, 422, "valid list"),
    ("dsm.register/file.input", [{"boddy": {}}], 422, "0.body: Field required"),
    ("dsm.register/file.input", [{"body": {}, "message_id": "x" * 300}], 422, "255 bytes"),
)


async def test_what_cannot_be_posted_is_refused_at_once(doors: Doors) -> None:
    async with doors.unchanged():
        for where, posted, status, said in UNPOSTABLE:
            path = f"/api/v1/messages/{where}"
            error = await doors.refused(status, "POST", path, Role.DAQ, json=posted)
            assert said in error["detail"]


async def test_the_daq_announces_data_and_nothing_else(doors: Doors, stock: Stock) -> None:
    body = [{"body": {"datasetId": stock.dataset}}]
    calls = (
        ("POST", "/api/v1/messages/dsm.register/dataset.delete", body),
        ("POST", "/api/v1/messages/dsm.register/dataset.upload", body),
        ("POST", "/api/v1/messages/dsm.register/dataset.close", body),
        ("POST", f"/api/v1/dataset/{stock.dataset}/close", {"because": "I say so"}),
        ("POST", "/api/v1/dataset", [{"name": "mine"}]),
        ("POST", "/api/v1/file/", stock.file("there.1") | {"datasetId": stock.dataset}),
        ("GET", "/api/v1/dataset", None),
    )
    async with doors.unchanged():
        for method, path, given in calls:
            error = await doors.refused(403, method, path, Role.DAQ, json=given)
            assert "daq (daq) has no right to" in error["detail"]
