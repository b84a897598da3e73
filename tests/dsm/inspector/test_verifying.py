"""What the inspector finds on a real disk."""

import os
import time

import pytest
from tests.dsm.inspector.conftest import adler32, eventually

from dsm.inspector.looking import look
from dsm.inspector.pace import Pace
from penstock_core.contracts.inspection import FileRequest, Verdict
from penstock_core.stf import Stf, TimeFrame, encode

STF = Stf(7, 3, 2001, (TimeFrame(2001, 2, b"two"), TimeFrame(2002, 1, b"one")))


async def test_a_file_that_is_what_was_registered_is_verified(any_disk):
    good = await any_disk.add("run/good.dat")
    other = await any_disk.add("run/md5.dat", dataset="e")
    await any_disk.verify()
    assert await any_disk.state(good) == ("VERIFIED", "")
    assert await any_disk.state(other) == ("VERIFIED", "")


async def test_every_difference_names_what_was_found_and_what_was_told(disk):
    other_bytes = await disk.register("bytes.dat", b"as they were")
    disk.write("bytes.dat", b"as they  are")
    shorter = await disk.register("short.dat", b"as they were")
    disk.write("short.dat", b"as they")
    await disk.verify()

    state, reason = await disk.state(other_bytes)
    assert state == "QUARANTINED"
    assert adler32(b"as they  are") in reason
    assert adler32(b"as they were") in reason
    assert await disk.state(shorter) == (
        "QUARANTINED",
        "It has 7 bytes, and is registered with 12.",
    )
    (check,) = (await disk.details(other_bytes)).checks
    assert (check.by, check.checksum) == ("tester", adler32(b"as they  are"))


async def test_what_is_no_file_of_the_storage_is_never_read(disk, tmp_path):
    secret = tmp_path / "outside.dat"
    secret.write_bytes(b"some bytes")
    (disk.base / "link.dat").symlink_to(secret)
    (disk.base / "folder").symlink_to(tmp_path)
    os.mkfifo(disk.base / "pipe.dat")
    (disk.base / "dir.dat").mkdir()
    reasons = {
        "link.dat": "A symbolic link leads to its place.",
        "folder/outside.dat": "A symbolic link leads to its place.",
        "pipe.dat": "It is refused: what lies there is no regular file.",
        "dir.dat": "It is refused: Is a directory.",
    }
    uids = {path: await disk.register(path) for path in reasons}
    await disk.verify()
    for path, uid in uids.items():
        assert await disk.state(uid) == ("QUARANTINED", reasons[path]), path


async def test_the_houses_own_files_are_no_data(disk, tmp_path):
    body = {"run_id": "1", "filename": "swf.1.000001.stf", "checksum": "ad:00000001"}
    url = f"file://{tmp_path}/keys/private.pem"
    await disk.world.daq("stf_ready", body | {"size_bytes": 3, "file_url": url})
    await disk.verify()
    (page,) = (await disk.dsm.troubled_files()).items
    assert page.file.reason == "It is refused: it lies among the house's own files."
    assert page.checks[0].checksum == ""


async def test_a_file_that_is_not_there_is_lost(disk):
    await disk.add("there.dat")
    gone = await disk.register("gone.dat")
    below = await disk.register("there.dat/below.dat", dataset="e")
    await disk.verify()
    assert await disk.state(gone) == ("LOST", "It is not at its place.")
    assert await disk.state(below) == ("LOST", "It is not at its place.")


async def test_nothing_is_lost_with_a_disk_that_is_not_mounted(disk):
    file = await disk.register("a.dat")
    await disk.verify()
    assert await disk.state(file) == ("REGISTERED", "")
    disk.base.rmdir()
    await disk.verify()
    assert await disk.state(file) == ("REGISTERED", "")
    disk.base.mkdir()
    disk.write("a.dat")
    await disk.verify()
    assert await disk.state(file) == ("VERIFIED", "")


async def test_a_disk_that_goes_away_while_it_is_read_loses_nothing(disk):
    first, second = await disk.add("a.dat"), await disk.add("b.dat")

    class Unmounting(Pace):
        async def after(self, size_bytes: int) -> None:
            disk.base.rename(disk.base.with_name("hidden"))
            disk.base.mkdir()

    await disk.verify(Unmounting(1))
    assert await disk.state(first) == ("VERIFIED", "")
    assert await disk.state(second) == ("REGISTERED", "")


async def test_a_file_that_vanishes_while_it_is_read_is_lost_at_the_next_look(disk, tmp_path):
    await disk.add("stays.dat")
    uid = await disk.add("vanishes.dat", b"x" * 100)
    (_, due) = (await disk.dsm.due_files(disk.storage.uid)).items

    class Vanishing(Pace):
        async def after(self, size_bytes: int) -> None:
            (disk.base / "vanishes.dat").unlink(missing_ok=True)

    verdict = await look(tmp_path, disk.storage, due, Vanishing(1))
    assert verdict.verdict is Verdict.FITS, "its bytes were read before it went"
    await disk.dsm.tell_verdicts([verdict])
    await disk.dsm.wish_looks([uid])
    await disk.verify()
    assert await disk.state(uid) == ("LOST", "It is not at its place.")


async def test_a_file_whose_bytes_change_while_they_are_read_is_quarantined(disk, tmp_path):
    await disk.add("changes.dat", b"a" * (4 << 20) + b"tail")
    (due,) = (await disk.dsm.due_files(disk.storage.uid)).items

    class Changing(Pace):
        async def after(self, size_bytes: int) -> None:
            with (disk.base / "changes.dat").open("r+b") as file:
                file.seek(4 << 20)
                file.write(b"TAIL")

    verdict = await look(tmp_path, disk.storage, due, Changing(1))
    assert verdict.verdict is Verdict.DIFFERS
    assert "Its checksum is" in verdict.reason


async def test_a_file_that_grows_while_it_is_read_differs(disk, tmp_path):
    await disk.add("grows.dat", b"a" * (4 << 20))
    (due,) = (await disk.dsm.due_files(disk.storage.uid)).items

    class Growing(Pace):
        async def after(self, size_bytes: int) -> None:
            if size_bytes > 1:
                with (disk.base / "grows.dat").open("ab") as file:
                    file.write(b"b")

    verdict = await look(tmp_path, disk.storage, due, Growing(1))
    assert verdict.verdict is Verdict.DIFFERS


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_what_may_not_be_read_waits_and_says_why(disk):
    uid = await disk.add("locked.dat")
    (disk.base / "locked.dat").chmod(0)
    await disk.verify()
    assert await disk.state(uid) == ("REGISTERED", "It cannot be read: Permission denied.")
    (disk.base / "locked.dat").chmod(0o600)
    await disk.verify()
    assert await disk.state(uid) == ("VERIFIED", "")


async def told_stf(disk, data: bytes, run: str = "7", sequence: int = 3, name: str = STF.name):
    path = disk.write(f"daq/{name}", data)
    common = {"run_id": run, "filename": name, "checksum": adler32(data)}
    await disk.world.daq("stf_gen", common | {"sequence": sequence, "size": len(data)})
    ready = {"file_url": path.as_uri(), "size_bytes": len(data)}
    await disk.world.daq("stf_ready", common | ready)
    return (await disk.dsm.files(name=name)).items[0].uid


async def test_an_stf_is_held_against_its_message_and_its_name(disk):
    good = await told_stf(disk, encode(STF))
    other_run = await told_stf(disk, encode(STF), name="swf.8.000003.stf", run="8")
    other_number = await told_stf(disk, encode(STF), name="swf.7.daq2.stf", sequence=4)
    await disk.verify()
    assert await disk.state(good) == ("VERIFIED", "")
    assert await disk.state(other_run) == (
        "QUARANTINED",
        "Its header says run 7, sequence 3; its name says run 8, sequence 3.",
    )
    assert await disk.state(other_number) == (
        "QUARANTINED",
        "Its header says run 7, sequence 3; the DAQ's message told run 7, sequence 4.",
    )


@pytest.mark.parametrize(
    ("at", "what"),
    [(0, "instead of b'PSTF'"), (20, "header is damaged"), (60, "payload is damaged")],
)
async def test_a_damaged_stf_is_quarantined_though_its_checksum_fits(disk, at, what):
    data = bytearray(encode(STF))
    data[at] ^= 0x10
    uid = await told_stf(disk, bytes(data))
    await disk.verify()
    state, reason = await disk.state(uid)
    assert state == "QUARANTINED"
    assert what in reason


async def test_an_stf_of_another_format_is_held_against_its_checksum_alone(disk):
    uid = await told_stf(disk, b"as ePIC writes them")
    await disk.verify()
    assert await disk.state(uid) == ("VERIFIED", "")


async def test_the_pace_is_kept_over_all_files():
    pace = Pace(1e6)
    started = time.monotonic()
    for _ in range(20):
        await pace.after(10_000)
    assert 0.19 < time.monotonic() - started < 1.0


async def test_the_running_inspector_verifies_what_comes_and_what_is_released(any_disk):
    disk = any_disk
    async with disk.inspector():
        good = await disk.add("good.dat")
        bad = await disk.register("bad.dat", b"right bytes")
        disk.write("bad.dat", b"wrong bytes")
        await disk.dsm.wish_looks([bad])

        async def both_seen() -> bool:
            states = [(await disk.state(uid))[0] for uid in (good, bad)]
            return states[0] == "VERIFIED" and states[1] in ("QUARANTINED", "LOST")

        await eventually(both_seen)
        assert (await disk.details(bad)).checks[-1].by == "dsm-inspector"
        disk.write("bad.dat", b"right bytes")
        await disk.operator.release_files(FileRequest(uids=(bad,), because="copied again"))

        async def is_back() -> bool:
            return (await disk.state(bad))[0] == "VERIFIED"

        await eventually(is_back)
