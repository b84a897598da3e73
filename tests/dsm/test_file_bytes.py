"""The bytes of files: those that were registered, where they were registered, and no others."""

import os

import pytest

from penstock_core.contracts.dsm import NewDataset, NewStorage
from penstock_core.errors import Conflict, Forbidden, NotFound
from penstock_core.rights import Role

PLOT = b"\x89PNG and more"
SIZE = len(PLOT)


@pytest.fixture
async def add(sqlite_world, tmp_path_factory):
    """Return a way to register a path of a storage as a file; it gives the file's uid."""
    base = tmp_path_factory.mktemp("outside")
    operator = sqlite_world.client(Role.OPERATOR)
    (made,) = await sqlite_world.dsm.create_datasets([NewDataset(name="a.b")])

    async def register(path, size=SIZE, at=None):
        storage = await operator.create_storage(
            NewStorage(name=f"s{abs(hash(at))}", base=str(at or base))
        )
        body = {"datasetId": made.uid, "storageId": storage.uid, "path": str(path), "size": size}
        file = await operator.call(
            "POST", "/api/v1/file/", dict, body=body | {"checksum": "ad:00000001"}
        )
        return file["uid"]

    register.base = base
    return register


async def test_a_reader_gets_the_bytes_whole_or_in_stretches(sqlite_world, add):
    (add.base / "run").mkdir()
    (add.base / "run" / "plot.png").write_bytes(PLOT)
    uid = await add("run/plot.png")
    viewer = sqlite_world.client(Role.VIEWER)

    assert await viewer.file_bytes(uid) == PLOT
    assert await viewer.file_bytes(uid, 1, 3) == b"PNG"
    assert await viewer.file_bytes(uid, 5, 10**9) == PLOT[5:]
    assert await viewer.file_bytes(uid, 10**9) == b""


async def test_the_answer_says_how_it_may_be_shown(sqlite_world, add):
    (add.base / "plot.png").write_bytes(PLOT)
    uid = await add("plot.png")
    token = sqlite_world.signer.sign("shift", [Role.VIEWER])
    async with sqlite_world.house.http("http://dsm") as http:
        headers = {"authorization": f"Bearer {token}"}
        answer = await http.get(f"/api/v1/file/{uid}/content", headers=headers)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_daq_reads_nothing(sqlite_world, add):
    (add.base / "plot.png").write_bytes(PLOT)
    with pytest.raises(Forbidden, match="read"):
        await sqlite_world.client(Role.DAQ).file_bytes(await add("plot.png"))


async def test_no_symbolic_link_is_followed(sqlite_world, add, tmp_path):
    (tmp_path / "secret").write_bytes(PLOT)
    (add.base / "link.png").symlink_to(tmp_path / "secret")
    (add.base / "folder").symlink_to(tmp_path)
    for path in ("link.png", "folder/secret"):
        with pytest.raises(NotFound, match="cannot be read"):
            await sqlite_world.dsm.file_bytes(await add(path))


async def test_what_is_gone_or_another_is_not_given_out(sqlite_world, add):
    with pytest.raises(NotFound, match="cannot be read: No such file"):
        await sqlite_world.dsm.file_bytes(await add("gone.png"))
    (add.base / "short.png").write_bytes(b"half")
    with pytest.raises(Conflict, match="4 bytes, not 13"):
        await sqlite_world.dsm.file_bytes(await add("short.png"))
    os.mkfifo(add.base / "pipe.png")
    with pytest.raises(Conflict, match="not what was registered"):
        await sqlite_world.dsm.file_bytes(await add("pipe.png"))
    (add.base / "folder.png").mkdir()
    with pytest.raises(NotFound, match="cannot be read"):
        await sqlite_world.dsm.file_bytes(await add("folder.png"))


async def test_keys_and_stores_of_the_house_are_never_given_out(sqlite_world, add, tmp_path):
    key = tmp_path / "keys" / "private.pem"
    for base in (tmp_path, tmp_path / "keys", tmp_path.parent):
        path = key.relative_to(base)
        with pytest.raises(Forbidden, match="open to readers"):
            await sqlite_world.dsm.file_bytes(await add(path, key.stat().st_size, base))
    made = tmp_path / "storage" / "plot.png"
    made.parent.mkdir()
    made.write_bytes(PLOT)
    assert await sqlite_world.dsm.file_bytes(await add("plot.png", at=made.parent)) == PLOT


async def test_what_any_url_may_name_is_not_given_out(sqlite_world):
    storages = await sqlite_world.dsm.call("GET", "/api/v1/storage", list)
    (root,) = [one["uid"] for one in storages if one["name"] == "posix-root"]
    (made,) = await sqlite_world.dsm.create_datasets([NewDataset(name="a.b")])
    body = {"datasetId": made.uid, "storageId": root, "path": "etc/hostname", "size": 3}
    body["checksum"] = "ad:00000001"
    operator = sqlite_world.client(Role.OPERATOR)
    file = await operator.call("POST", "/api/v1/file/", dict, body=body)
    with pytest.raises(Forbidden, match="no storage that is open"):
        await sqlite_world.dsm.file_bytes(file["uid"])
