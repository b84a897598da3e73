"""A file whose bytes are not those that were registered is no input, and the others go on."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.end_to_end.bad_input.conftest import Doors

from penstock.template_file import read_template
from penstock_core.rights import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = ("a.raw", "b.raw", "c.raw")
WRONG = "0" * 32


async def test_a_file_whose_checksum_is_wrong_is_put_aside_and_the_others_go_on(
    doors: Doors, tmp_path: Path, templates: Path, eventually: Callable
) -> None:
    template = read_template(templates / "md5" / "template.yaml").model_dump(mode="json")
    await doors.good("POST", "/template/create", Role.EXPERT, json=template)
    new = {"name": "in", "base": str(tmp_path)}
    storage = (await doors.good("POST", "/api/v1/storage", Role.OPERATOR, json=new))["uid"]
    files = [told(tmp_path / name, storage) for name in NAMES]
    files[1]["checksum"] = WRONG
    body = {"datasetName": "run1.md5.raw", "files": files, "closed": True}
    assert (await doors.tell("dataset.input", body))[0]["status"] == "OK"

    async def trouble() -> list:
        return (await doors.good("GET", "/api/v1/file/quarantine"))["items"]

    (told_of,) = await eventually(trouble, bool)
    await doors.good("PUT", "/pilot/hold", Role.OPERATOR, json={"held": False})

    async def task() -> dict:
        return (await doors.good("GET", "/task"))["items"]

    (ended,) = await eventually(task, lambda seen: seen and seen[0]["ended_at"])
    page = await doors.good("GET", f"/task/{ended['task_id']}/job")
    jobs = {job["inputs"][0]: job["state"] for job in page["items"]}
    assert jobs == {"a.raw": "FINISHED", "c.raw": "FINISHED"}, "what is put aside has no job"
    assert (ended["status"], ended["finished"], ended["failed"]) == ("FINISHED", 2, 0)

    assert told_of["file"]["name"] == "b.raw"
    assert told_of["file"]["state"] == "QUARANTINED"
    assert f"md5:{WRONG}" in told_of["file"]["reason"]

    async def output() -> dict:
        return (await doors.good("GET", f"/api/v1/dataset?name={ended['output_name']}"))["items"][0]

    closed = await eventually(output, lambda seen: seen["state"] == "CLOSED")
    assert (closed["files"], closed["incomplete"]) == (2, True), "what lacks is told of"


def told(path: Path, storage: str) -> dict[str, object]:
    """Write a file; return how a message tells of it."""
    path.write_text(path.name)
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    size = path.stat().st_size
    return {"storageId": storage, "path": path.name, "size": size, "checksum": digest}
