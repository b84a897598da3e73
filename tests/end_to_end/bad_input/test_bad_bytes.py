"""A file whose bytes are not those that were registered fails its job, and its job alone."""

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


async def test_a_checksum_that_is_wrong_fails_its_job_and_the_others_go_on(
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
    await doors.good("PUT", "/pilot/hold", Role.OPERATOR, json={"held": False})

    async def task() -> dict:
        return (await doors.good("GET", "/task"))["items"]

    (ended,) = await eventually(task, lambda seen: seen and seen[0]["ended_at"])
    page = await doors.good("GET", f"/task/{ended['task_id']}/job")
    jobs = {job["inputs"][0]: job for job in page["items"]}
    assert {name: job["state"] for name, job in jobs.items()} == {
        "a.raw": "FINISHED",
        "b.raw": "FAILED",
        "c.raw": "FINISHED",
    }
    assert (
        f"The checksum does not fit: b.raw is registered with md5:{WRONG}"
        in (jobs["b.raw"]["reason"])
    )
    assert jobs["b.raw"]["attempts"] == 1, "trying again cannot help"
    assert (ended["status"], ended["finished"], ended["failed"]) == ("PARTIAL", 2, 1)
    assert "b.raw" in ended["reason"]
    output = (await doors.good("GET", f"/api/v1/dataset?name={ended['output_name']}"))["items"][0]
    assert (output["state"], output["files"]) == ("OPEN", 2), "nothing runs on a loss unaccepted"


def told(path: Path, storage: str) -> dict[str, object]:
    """Write a file; return how a message tells of it."""
    path.write_text(path.name)
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    size = path.stat().st_size
    return {"storageId": storage, "path": path.name, "size": size, "checksum": digest}
