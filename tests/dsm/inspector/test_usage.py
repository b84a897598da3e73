"""How full storages are, when they are full, and who is told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dsm.inspector.meter import AlarmPolicy, Meter, alarms, sample
from dsm.manager.inspection.disk_forecast import full_at
from penstock_core.clients.house import HouseClients
from penstock_core.clock import now
from penstock_core.contracts.dsm import Storage
from penstock_core.contracts.inspection import StorageSample, StorageUse

START = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = timedelta(0)
POLICY = AlarmPolicy(0.05, timedelta(days=1))
DISK = Storage(uid="s", name="disk", kind="posix", base="/data")


def samples(*free: int, total: int = 1000, every_s: int = 60) -> list[StorageSample]:
    return [
        StorageSample(
            storage_id="s",
            at=START + timedelta(seconds=every_s * n),
            total_bytes=total,
            free_bytes=left,
        )
        for n, left in enumerate(free)
    ]


def use(free: int, full: datetime | None = None, problem: str = "", files: int = 1) -> StorageUse:
    (last,) = samples(free)
    return StorageUse(
        storage=DISK,
        files=files,
        size_bytes=10,
        dark_files=0,
        dark_bytes=0,
        swept_at=None,
        sample=last.model_copy(update={"problem": problem}),
        full_at=full,
    )


@given(some.integers(1, 50), some.integers(2, 20))
def test_a_disk_that_fills_steadily_is_full_when_the_line_says(rate, count):
    left = [2000 - rate * n for n in range(count)]
    expected = START + timedelta(seconds=60 * 2000 / rate)
    found = full_at(samples(*left, total=2000))
    assert found is not None
    assert abs((found - expected).total_seconds()) < 1


def test_a_disk_that_does_not_fill_is_never_full():
    assert full_at([]) is None
    assert full_at(samples(500)) is None
    assert full_at(samples(500, 500, 500)) is None
    assert full_at(samples(500, 600, 700)) is None
    assert full_at(samples(10**15, 10**15 - 1, total=10**16)) is None, "not within ten years"


def test_a_full_disk_is_full_now():
    assert full_at(samples(5, 0)) == START + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("found", "texts"),
    [
        (use(500), []),
        (use(40), ["40 B of 1 kB are free."]),
        (use(0), ["0 B of 1 kB are free."]),
        (use(500, START + timedelta(days=3)), []),
        (
            use(500, START + timedelta(hours=3)),
            ["500 B of 1 kB are free; it is full at 2026-01-01 03:00:00 "
             "if it goes on filling as it does."],
        ),
        (use(500, problem="it is empty"), ["it is empty; 1 file of it cannot be had."]),
        (use(500, problem="it is empty", files=0), []),
    ],
)  # fmt: skip
def test_alarms_say_what_is_true(found, texts):
    raised, cleared = alarms([found], POLICY, START)
    assert [alarm.text for alarm in raised] == texts
    assert len(raised) + len(cleared) == 2


async def test_samples_of_a_real_disk_are_kept_and_told(any_disk):
    disk = any_disk
    await disk.add("a.dat")
    async with HouseClients(disk.world.house, "dsm-inspector") as clients:
        meter = Meter(clients.dsm, clients.data_access, POLICY, AT_ONCE)
        for _ in range(2):
            await meter.measure()
    found = await disk.use()
    assert found.sample is not None
    assert found.sample.total_bytes >= found.sample.free_bytes > 0
    assert (found.files, found.size_bytes) == (1, 10)
    assert len(await disk.dsm.storage_history(disk.storage.uid)) == 2
    assert await disk.dsm.storage_history(disk.storage.uid, now()) == ()


async def test_a_storage_is_measured_when_it_is_new_and_when_its_time_has_come(disk):
    async with HouseClients(disk.world.house, "dsm-inspector") as clients:
        meter = Meter(clients.dsm, clients.data_access, POLICY, timedelta(hours=1))
        for _ in range(2):
            await meter.measure()
    assert len(await disk.dsm.storage_history(disk.storage.uid)) == 1


async def test_a_disk_that_is_full_or_away_raises_an_alarm_until_it_is_not(disk):
    await disk.add("a.dat")
    hidden = disk.base.with_name("hidden")
    async with HouseClients(disk.world.house, "dsm-inspector") as clients:
        meter = Meter(clients.dsm, clients.data_access, AlarmPolicy(1.0, timedelta(0)), AT_ONCE)
        await meter.measure()
        assert "are free." in disk.world.alarms["storage_full", "disk"]
        disk.base.rename(hidden)
        await meter.measure()
        assert "cannot be read: No such file" in disk.world.alarms["storage_away", "disk"]
        hidden.rename(disk.base)
        calm = AlarmPolicy(0.0, timedelta(0))
        await Meter(clients.dsm, clients.data_access, calm, AT_ONCE).measure()
    assert disk.world.alarms == {}


async def test_old_samples_are_dropped_and_repeated_ones_stored_once(any_disk):
    dsm, uid = any_disk.dsm, any_disk.storage.uid
    old = StorageSample(storage_id=uid, at=now() - timedelta(days=31), total_bytes=9, free_bytes=1)
    new = StorageSample(storage_id=uid, at=now(), total_bytes=9, free_bytes=1)
    await dsm.tell_samples([old, new])
    await dsm.tell_samples([new, new])
    assert [s.at for s in await dsm.storage_history(uid)] == [new.at]


def test_a_sample_of_what_is_not_there_says_so():
    gone = DISK.model_copy(update={"base": "/not/there"})
    assert sample(gone, START).problem == "/not/there cannot be read: No such file or directory"
