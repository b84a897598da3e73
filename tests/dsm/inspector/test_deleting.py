"""Deleted datasets lose their files: those that nobody else holds, each once, none outside."""

import pytest
from tests.dsm.inspector.conftest import adler32, eventually

from dsm.disk import remove_below
from penstock_core.contracts.inspection import FileRequest, Removal
from penstock_core.errors import Conflict, Forbidden, NotFound
from penstock_core.rights import Role
from penstock_core.states import DatasetState


async def test_files_of_a_deleted_dataset_are_removed_if_no_other_holds_them(any_disk):
    disk = any_disk
    own = await disk.add("run/own.dat", dataset="old")
    shared = await disk.add("run/shared.dat", dataset="old")
    await disk.register("run/shared.dat", dataset="new")
    await disk.operator.delete_dataset((await disk.dataset("old")).uid, "it was a test")
    await disk.delete()

    assert await disk.state(own) == ("DELETED", "")
    assert (await disk.state(shared))[0] == "REGISTERED"
    assert not (disk.base / "run/own.dat").exists()
    assert (disk.base / "run/shared.dat").exists()
    assert ((await disk.use()).files, (await disk.use()).size_bytes) == (1, 10)

    await disk.operator.delete_dataset((await disk.dataset("new")).uid, "that one too")
    await disk.delete()
    assert (await disk.state(shared))[0] == "DELETED"
    assert not (disk.base / "run/shared.dat").exists()
    assert (await disk.use()).files == 0


async def test_the_ledger_tells_who_deleted_and_why(disk):
    await disk.add("a.dat")
    uid = (await disk.dataset("d")).uid
    deleted = await disk.operator.delete_dataset(uid, "it was a test")
    again = await disk.operator.delete_dataset(uid, "second thoughts")
    assert deleted.state == again.state == DatasetState.DELETED
    (row,) = await disk.dsm.ledger(uid)
    assert (row.rule, row.because, row.actor) == ("deleted", "it was a test", "alice")
    assert row.evidence == {"files": 1, "size_bytes": 10}
    with pytest.raises(Forbidden):
        await disk.world.client(Role.EXPERT).delete_dataset(uid, "x")
    with pytest.raises(NotFound):
        await disk.operator.delete_dataset("nobody", "x")


async def test_killed_between_the_removal_and_its_report_it_finds_the_file_gone(disk):
    uid = await disk.add("only.dat")
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    assert await disk.dsm.purge()
    remove_below(str(disk.base), "only.dat")
    assert [f.uid for f in (await disk.dsm.doomed_files()).items] == [uid]

    await disk.delete()
    assert (await disk.dsm.doomed_files()).items == ()
    assert (await disk.use()).files == 0


async def test_a_repeated_report_counts_once(disk):
    uid = await disk.add("a.dat")
    await disk.add("b.dat", dataset="stays")
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    await disk.dsm.purge()
    for _ in range(2):
        await disk.dsm.tell_removals([Removal(uid=uid, outcome="removed")])
    assert (await disk.use()).files == 1


async def test_no_link_is_followed_and_no_other_file_touched(disk, tmp_path):
    victim = tmp_path / "victim.dat"
    victim.write_bytes(b"some bytes")
    (disk.base / "link.dat").symlink_to(victim)
    (disk.base / "folder").symlink_to(tmp_path)
    (disk.base / "dir.dat").mkdir()
    uids = [await disk.register(p) for p in ("link.dat", "folder/victim.dat", "dir.dat")]
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    await disk.delete()
    assert victim.exists()
    assert (disk.base / "link.dat").is_symlink()
    assert [await disk.state(uid) for uid in uids] == [
        ("DELETED", "It cannot be removed: what lies there is no regular file."),
        ("DELETED", "It cannot be removed: a symbolic link leads there."),
        ("DELETED", "It cannot be removed: what lies there is no regular file."),
    ]
    (disk.base / "dir.dat").rmdir()
    await disk.delete()
    assert [f.uid for f in (await disk.dsm.doomed_files()).items] == uids[:2]


async def test_one_file_that_cannot_be_removed_holds_up_no_other(disk):
    (disk.base / "a.dat").mkdir()
    await disk.register("a.dat")
    await disk.add("b.dat")
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    await disk.delete()
    assert not (disk.base / "b.dat").exists()


async def test_what_any_url_may_name_is_never_removed(disk, tmp_path):
    path = tmp_path / "elsewhere" / "swf.1.000001.stf"
    path.parent.mkdir()
    path.write_bytes(b"abc")
    body = {"run_id": "1", "filename": path.name, "checksum": "ad:00000001", "size_bytes": 3}
    await disk.world.daq("stf_ready", body | {"file_url": path.as_uri()})
    await disk.operator.delete_dataset((await disk.dataset("swf.1.run")).uid, "x")
    await disk.delete()
    (file,) = (await disk.dsm.files(name=path.name)).items
    assert (file.state, file.reason) == (
        "DELETED",
        "Its bytes stay: they lie in no storage of its own, which an operator can register.",
    )
    assert path.exists()
    assert (await disk.dsm.doomed_files()).items == ()


async def test_a_storage_that_is_away_keeps_its_files_for_later(disk):
    uid = await disk.add("a.dat")
    hidden = disk.base.with_name("hidden")
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    disk.base.rename(hidden)
    await disk.delete()
    assert await disk.state(uid) == (
        "DELETED",
        "It cannot be removed: No such file or directory.",
    )
    hidden.rename(disk.base)
    await disk.delete()
    assert not (disk.base / "a.dat").exists()


async def test_a_deleted_file_is_attached_nowhere_again(disk):
    await disk.add("a.dat")
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    await disk.delete()
    told = {"storageId": disk.storage.uid, "path": "a.dat", "size": 10}
    told["checksum"] = adler32(b"some bytes")
    outcome = await disk.world.tell("file.input", {"datasetName": "new", "files": [told]})
    assert outcome.status == "ERROR"
    assert "is deleted; nothing was attached" in outcome.details


async def test_lost_files_are_deleted_without_a_removal(disk):
    uid = await disk.add("a.dat")
    await disk.add("b.dat", dataset="stays")
    await disk.operator.declare_lost(FileRequest(uids=(uid,), because="x"))
    await disk.operator.delete_dataset((await disk.dataset("d")).uid, "x")
    assert await disk.dsm.purge()
    assert (await disk.dsm.doomed_files()).items == ()
    assert (await disk.use()).files == 1
    with pytest.raises(Conflict, match="cannot go from DELETED"):
        await disk.operator.declare_lost(FileRequest(uids=(uid,), because="x"))


async def test_the_running_inspector_removes_what_a_message_deletes(disk):
    await disk.add("a.dat")
    uid = (await disk.dataset("d")).uid
    async with disk.inspector():
        await disk.world.tell("dataset.delete", {"datasetId": uid})

        async def is_gone() -> bool:
            return not (disk.base / "a.dat").exists()

        await eventually(is_gone)
