"""Files in trouble, storages and dark files, at the command line against a whole Penstock."""

import time
import zlib
from pathlib import Path

import pytest

from penstock.client import Penstock
from penstock_core.contracts.dsm import NewStorage


def adler32(data: bytes) -> str:
    return f"ad:{zlib.adler32(data):08x}"


@pytest.fixture(scope="module")
def disk(system, tmp_path_factory) -> Path:
    """A storage with a right file, a damaged one and one that nobody knows."""
    base = tmp_path_factory.mktemp("disk")
    for name, data in (("right.dat", b"right"), ("bad.dat", b"wrong"), ("dark.dat", b"dark")):
        (base / name).write_bytes(data)
    with Penstock(system.url, system.username, system.password) as penstock:
        run = penstock._loop.run
        storage = run(penstock._storage.create_storage(NewStorage(name="disk", base=str(base))))
        (made,) = run(
            penstock._storage.call("POST", "/api/v1/dataset", list, body=[{"name": "tape"}])
        )
        files = [
            {
                "datasetId": made["uid"],
                "storageId": storage.uid,
                "path": name,
                "size": 5,
                "checksum": adler32(b"right"),
            }
            for name in ("right.dat", "bad.dat")
        ]
        run(penstock._storage.call("POST", "/api/v1/file/", None, body=files))
        deadline = time.monotonic() + 30
        while not penstock.quarantine() or penstock.file("right.dat").file.state != "VERIFIED":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return base


def test_the_quarantine_page_tells_found_against_told_by_whom_and_where(signed_in, disk):
    text = signed_in("file", "quarantine").out
    for word in ("bad.dat", "QUARANTINED", adler32(b"wrong")[3:], adler32(b"right")[3:]):
        assert word in text
    assert "dsm-inspector" in text
    assert "default/tape (OPEN)" in text
    rows = signed_in("file", "quarantine", "--json").json
    (page,) = [row for row in rows if row["file"]["name"] == "bad.dat"]
    assert page["datasets"][0]["name"] == "tape"
    assert "bad.dat" not in signed_in("file", "quarantine", "--state", "lost").out


def test_files_are_listed_and_shown(signed_in, disk):
    rows = signed_in("file", "list", "--state", "verified", "--json").json
    assert "right.dat" in [row["name"] for row in rows]
    assert "bad.dat" in signed_in("file", "list", "--name", "bad.dat").out
    shown = signed_in("file", "show", "right.dat", "--json").json
    assert (shown["file"]["state"], shown["checks"]) == ("VERIFIED", [])
    ran = signed_in("file", "show", "nothing.dat")
    assert (ran.code, "penstock dataset show" in ran.err) == (1, True)


def test_the_dataset_tells_of_the_file_that_must_not_be_used(signed_in, disk):
    ran = signed_in("dataset", "show", "tape")
    assert "in quarantine" in ran.out
    assert "incomplete" in ran.out


def test_a_mended_file_is_released_and_given_up_files_are_lost(signed_in, disk, admin):
    (disk / "bad.dat").write_bytes(b"right")
    ran = signed_in("file", "release", "bad.dat", "--because", "copied again")
    assert "the inspector looks at it now" in ran.out
    deadline = time.monotonic() + 30
    while admin.file("bad.dat").file.state != "VERIFIED":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ran = signed_in("file", "release", "bad.dat", "--because", "again")
    assert (ran.code, "penstock file quarantine" in ran.err) == (1, True)
    ran = signed_in("file", "lost", "bad.dat", "--because", "the tape is torn")
    assert ran.out == "bad.dat is LOST.\n"
    story = signed_in("file", "show", "bad.dat").out
    assert "the tape is torn" in story


def test_storages_tell_how_full_they_are(signed_in, disk):
    uses = {use["storage"]["name"]: use for use in signed_in("storage", "list", "--json").json}
    assert uses["disk"]["files"] >= 1
    assert "disk" in signed_in("storage", "list").out
    shown = signed_in("storage", "show", "disk")
    assert str(disk) in shown.out
    ran = signed_in("storage", "show", "nowhere")
    assert (ran.code, "penstock storage list" in ran.err) == (1, True)


def test_dark_files_are_listed_and_deleted_with_a_reason(signed_in, disk):
    assert signed_in("storage", "dark", "disk").code == 0
    ran = signed_in("storage", "dark", "disk", "--delete")
    assert (ran.code, "--because" in ran.err) == (1, True)


def test_a_dataset_is_deleted_with_its_files(signed_in, disk):
    ran = signed_in("dataset", "delete", "tape", "--because", "the test is over")
    assert ran.code == 0
    assert "tape is DELETED" in ran.out
    deadline = time.monotonic() + 30
    while (disk / "right.dat").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (disk / "dark.dat").exists()
    ledger = signed_in("dataset", "show", "tape").out
    assert "the test is over" in ledger
