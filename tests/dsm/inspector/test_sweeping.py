"""Sweeps: files that nobody knows are listed, known ones that are gone are looked for."""

import os

import pytest

from dsm.inspector.walking import walk
from penstock_core.contracts.dsm import NewStorage
from penstock_core.contracts.inspection import DarkRequest
from penstock_core.errors import Forbidden, NotFound


async def test_what_lies_there_and_is_registered_nowhere_is_dark(any_disk):
    disk = any_disk
    await disk.add("run/known.dat")
    disk.write("run/dark.dat", b"123")
    disk.write(".partial", b"4567")
    await disk.sweep()
    assert await disk.dark() == [".partial", "run/dark.dat"]
    use = await disk.use()
    assert (use.dark_files, use.dark_bytes) == (2, 7)
    assert use.swept_at is not None

    await disk.register("run/dark.dat", b"123")
    (disk.base / ".partial").unlink()
    await disk.sweep()
    assert await disk.dark() == []


async def test_young_files_may_be_on_their_way(disk):
    disk.write("new.dat")
    await disk.sweep(dark_age_s=3600)
    assert await disk.dark() == []
    os.utime(disk.base / "new.dat", (0, 0))
    await disk.sweep(dark_age_s=3600)
    assert await disk.dark() == [], "a copy that kept the time of its bytes is young too"


async def test_a_sweep_follows_no_link_and_enters_no_house(disk, tmp_path):
    (tmp_path / "outside.dat").write_bytes(b"x")
    (disk.base / "folder").symlink_to(tmp_path)
    (disk.base / "link.dat").symlink_to(tmp_path / "outside.dat")
    await disk.sweep()
    assert await disk.dark() == []

    house = await disk.dsm.create_storage(NewStorage(name="house", base=str(tmp_path)))
    await disk.sweep()
    paths = [file.path for file in (await disk.dsm.dark_files(house.uid)).items]
    assert not [path for path in paths if path.startswith(("keys", "secrets"))]


async def test_a_file_that_a_storage_around_or_inside_knows_is_not_dark(disk):
    inner = await disk.dsm.create_storage(NewStorage(name="inner", base=str(disk.base / "in")))
    disk.write("in/known.dat")
    body = {"storageId": inner.uid, "path": "known.dat", "size": 10, "checksum": "ad:15ab03e8"}
    await disk.world.tell("file.input", {"datasetName": "i", "files": [body]})
    path = disk.write("daq/swf.1.000001.stf")
    stf = {"run_id": "1", "filename": path.name, "checksum": "ad:15ab03e8", "size_bytes": 10}
    await disk.world.daq("stf_ready", stf | {"file_url": path.as_uri()})
    await disk.sweep()
    assert await disk.dark() == []
    assert (await disk.dsm.dark_files(inner.uid)).items == ()


async def test_dark_files_are_deleted_on_an_operators_word_alone(disk):
    await disk.add("known.dat")
    disk.write("dark.dat")
    disk.write("kept.dat")
    await disk.sweep()
    await disk.delete()
    assert (disk.base / "dark.dat").exists()
    dark, kept = (await disk.dsm.dark_files(disk.storage.uid)).items
    request = DarkRequest(ids=(dark.id,), because="left by a test")
    with pytest.raises(Forbidden):
        await disk.dsm.delete_dark(disk.storage.uid, request)
    with pytest.raises(NotFound, match="no dark file 999"):
        await disk.operator.delete_dark(disk.storage.uid, DarkRequest(ids=(999,), because="x"))

    await disk.operator.delete_dark(disk.storage.uid, request)
    (wanted,) = (await disk.dsm.wanted_dark()).items
    assert (wanted.wanted_by, wanted.because) == ("alice", "left by a test")
    await disk.delete()
    assert not (disk.base / dark.path).exists()
    assert (disk.base / kept.path).exists()
    assert await disk.dark() == [kept.path]


async def test_a_dark_file_that_changed_or_became_known_stays(disk):
    disk.write("changes.dat")
    disk.write("known.dat")
    await disk.sweep()
    ids = [file.id for file in (await disk.dsm.dark_files(disk.storage.uid)).items]
    await disk.operator.delete_dark(disk.storage.uid, DarkRequest(ids=tuple(ids), because="x"))
    disk.write("changes.dat", b"other bytes")
    await disk.register("known.dat")
    await disk.delete()
    assert (disk.base / "changes.dat").exists()
    assert (disk.base / "known.dat").exists()
    problems = {f.path: f.problem for f in (await disk.dsm.dark_files(disk.storage.uid)).items}
    assert problems["changes.dat"] == "It was changed since the sweep that saw it; it stays."
    assert [f.path for f in (await disk.dsm.wanted_dark()).items] == []


async def test_known_files_that_are_gone_are_found_lost(disk):
    stays, gone, cut = [await disk.add(name) for name in ("stays.dat", "gone.dat", "cut.dat")]
    await disk.verify()
    (disk.base / "gone.dat").unlink()
    disk.write("cut.dat", b"some")
    await disk.sweep()
    await disk.verify()
    assert [(await disk.state(uid))[0] for uid in (stays, gone, cut)] == [
        "VERIFIED",
        "LOST",
        "QUARANTINED",
    ]


async def test_a_storage_that_is_away_is_not_swept(disk):
    await disk.add("a.dat")
    await disk.verify()
    disk.write("dark.dat")
    await disk.sweep()
    disk.base.rename(disk.base.with_name("hidden"))
    disk.base.mkdir()
    await disk.sweep()
    assert await disk.dark() == ["dark.dat"], "what was found before is still known"
    assert (await disk.dsm.due_files(disk.storage.uid)).items == ()


def test_a_walk_passes_over_what_vanishes_and_what_is_no_text(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"1")
    (tmp_path / os.fsdecode(b"bad\xff")).write_bytes(b"22")
    seen = walk(str(tmp_path), lambda _: False)
    first = next(seen)
    assert first.path == "bad\\xff"
    (tmp_path / "a" / "one").unlink()
    (tmp_path / "a").rmdir()
    assert list(seen) == []
