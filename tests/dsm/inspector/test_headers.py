"""What the headers of a run's STFs say together, held against what was announced."""

import pytest
from tests.dsm.inspector.conftest import adler32

from dsm.manager.inspection.headers import Ended, mismatches
from penstock_core.contracts.runs import RunHeaders
from penstock_core.stf import Stf, TimeFrame, encode


def stf(sequence: int, events: int = 2) -> Stf:
    first = 10 * (sequence - 1) + 1
    frames = [TimeFrame(first + n, events if n == 0 else 0, b"x") for n in range(10)]
    return Stf(7, sequence, first, tuple(frames))


async def tell(disk, one: Stf, data: bytes | None = None) -> None:
    """Announce an STF, write it, and tell that it is there."""
    data = encode(one) if data is None else data
    path = disk.write(f"daq/{one.name}", data)
    common = {"run_id": "7", "filename": one.name, "checksum": adler32(data), "sender": "daq"}
    common |= {"state": "run", "substate": "physics"}
    await disk.world.daq("stf_gen", common | {"sequence": one.sequence, "size": len(data)})
    ready = {"file_url": path.as_uri(), "size_bytes": len(data)}
    await disk.world.daq("stf_ready", common | ready)


async def headers(disk) -> RunHeaders | None:
    return (await disk.dsm.run("7")).headers


async def test_the_headers_of_a_run_are_summed_up_as_they_are_verified(any_disk):
    disk = any_disk
    await tell(disk, stf(1))
    assert await headers(disk) is None
    await disk.verify()
    await tell(disk, stf(2, events=5))
    await tell(disk, stf(3))
    await disk.verify()
    await disk.world.daq("end_run", {"run_id": "7", "sender": "daq", "total_stf_files": 3})
    expected = RunHeaders(stfs=3, first_tf=1, last_tf=30, tfs=30, events=9)
    assert await headers(disk) == expected

    await disk.dsm.wish_looks([(await disk.dsm.files(name=stf(1).name)).items[0].uid])
    await disk.verify()
    assert await headers(disk) == expected, "a second look counts nothing twice"


async def test_what_is_damaged_or_missing_is_no_mismatch_for_it_is_named_already(disk):
    await tell(disk, stf(1))
    bad = bytearray(encode(stf(2)))
    bad[10] ^= 1
    await tell(disk, stf(2), bytes(bad))
    await disk.world.daq("end_run", {"run_id": "7", "sender": "daq", "total_stf_files": 3})
    await disk.verify()
    found = await headers(disk)
    assert found is not None
    assert (found.stfs, found.mismatches) == (1, ())


async def test_more_headers_than_announced_are_told_with_the_run(disk):
    for sequence in (1, 2):
        await tell(disk, stf(sequence))
    await disk.world.daq("end_run", {"run_id": "7", "sender": "daq", "total_stf_files": 1})
    assert (await headers(disk)) is None
    await disk.verify()
    found = await headers(disk)
    assert found is not None
    assert found.mismatches == ("There are headers of 2 STFs, and 1 announced.",)


@pytest.mark.parametrize(
    ("said", "ended", "expected"),
    [
        ((3, 1, 30, 30), Ended(3, 0, 0, 1), 0),
        ((2, 1, 30, 20), Ended(3, 1, 0, 1), 0),
        ((2, 1, 30, 20), Ended(3, 0, 1, 1), 0),
        ((2, 1, 30, 20), Ended(3, 0, 0, 1), 1),
        ((3, 1, 20, 30), Ended(3, 0, 0, 1), 1),
        ((3, 1, 20, 30), Ended(3, 0, 0, 2), 0),
        ((4, 1, 20, 40), Ended(3, 0, 0, 1), 2),
    ],
)
def test_each_contradiction_is_a_sentence(said, ended, expected):
    stfs, first, last, tfs = said
    found = mismatches(
        RunHeaders(stfs=stfs, first_tf=first, last_tf=last, tfs=tfs, events=0), ended
    )
    assert len(found) == expected
    assert all(sentence.endswith(".") for sentence in found)
