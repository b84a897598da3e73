"""A task submitted with curl runs over a dataset, to FINISHED."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.house import open_house
from penstock.serve import serving
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import NewStorage
from penstock_core.settings import HouseSettings

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


class Curl:
    """Calls one Penstock by curl, as its first admin."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = ""

    async def sign_in(self, username: str, password: str) -> None:
        form = ["-d", f"username={username}", "--data-urlencode", f"password={password}"]
        answer = await self._run("/auth/jwt/login", *form)
        self.token = answer["access_token"]

    async def get(self, path: str) -> Any:
        return await self._run(path, "-H", f"Authorization: Bearer {self.token}")

    async def post(self, path: str, body: Any) -> Any:
        headers = (f"Authorization: Bearer {self.token}", "Content-Type: application/json")
        given = [word for header in headers for word in ("-H", header)]
        return await self._run(path, *given, "-d", json.dumps(body))

    async def _run(self, path: str, *options: str) -> Any:
        child = await asyncio.create_subprocess_exec(
            "curl", "-sS", "--noproxy", "*", *options, self.url + path,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await child.communicate()
        return json.loads(out) if out else None


@pytest.fixture
async def curl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Curl]:
    """A Penstock that may run ``md5sum``, a dataset of two files, and its admin's curl."""
    allowed = tmp_path / "executables.yaml"
    allowed.write_text("md5: [md5sum, --tag]\n")
    monkeypatch.setenv("PENSTOCK_EXECUTABLES_FILE", str(allowed))
    async with (
        open_house(HouseSettings(data_dir=tmp_path / "data")) as house,
        serving(house.front, 0) as url,
        HouseClients(house.house, "operator") as clients,
    ):
        await clients.dsm.create_storage(NewStorage(name="in", base=str(tmp_path)))
        caller = Curl(url)
        assert house.credentials is not None
        await caller.sign_in(house.credentials.username, house.credentials.password)
        yield caller


def raw_file(path: Path, storage: str) -> dict[str, object]:
    """Write a file; return how a message tells of it."""
    path.write_text(path.name)
    checksum = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    size = path.stat().st_size
    return {"storageId": storage, "path": str(path), "size": size, "checksum": checksum}


async def test_a_task_submitted_with_curl_runs_to_finished(
    curl: Curl, tmp_path: Path, eventually: Callable
) -> None:
    storages = await curl.get("/api/v1/storage")
    storage = next(s["uid"] for s in storages if s["name"] == "in")
    files = [raw_file(tmp_path / name, storage) for name in ("a.raw", "b.raw")]
    body = {"datasetName": "mine.raw", "files": files, "closed": True}
    await curl.post("/api/v1/messages/dsm.register/dataset.input", [{"body": body}])
    await eventually(
        lambda: curl.get("/api/v1/dataset?name=mine.raw"),
        lambda page: [d["state"] for d in page["items"]] == ["CLOSED"],
    )
    task = {"exec": "md5", "dataset": "mine.raw", "idempotency_key": "once"}
    made = await curl.post("/task/create", task)
    again = await curl.post("/task/create", task)
    assert again["task_id"] == made["task_id"]
    done = await eventually(
        lambda: curl.get(f"/task/{made['task_id']}"), lambda row: row["status"] == "FINISHED"
    )
    assert (done["exec"], done["mode"]) == ("md5", "map")
    rich = await curl.get(f"/task/{made['task_id']}/detail")
    page = await curl.get(f"/api/v1/dataset?name={rich['output_name']}")
    contents = await curl.get(f"/api/v1/dataset/{page['items'][0]['uid']}/contents")
    sums = [Path(f["url"].removeprefix("file://")).read_text() for f in contents["files"]]
    assert all(text.startswith("MD5 (") for text in sums)
    assert len(sums) == 2


async def test_what_is_not_on_the_list_is_refused_and_the_list_is_named(curl: Curl) -> None:
    answer = await curl.post("/task/create", {"exec": "rm", "args": "-rf /", "dataset": "mine"})
    assert answer["error"] == "InvalidInput"
    assert "rm is not on the list of executables" in answer["detail"]
    assert answer["hint"] == "Allowed are: md5."
