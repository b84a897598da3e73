"""Closed datasets are kept as long as their rule says, and no longer."""

from penstock_core.contracts.closing import NewRule, Policy
from penstock_core.contracts.dsm import CloseRequest
from penstock_core.states import DatasetState


async def closed(disk, name: str) -> str:
    """Return the uid of a closed dataset of one file."""
    await disk.add(f"{name}.dat", dataset=name)
    dataset = await disk.dataset(name)
    request = CloseRequest(uid=dataset.uid, revision=dataset.revision, rule="count", because="all")
    await disk.dsm.close_datasets([request])
    return dataset.uid


async def keep(disk, mask: str, seconds: float | None) -> None:
    policy = Policy(lifetime_s=seconds)
    await disk.operator.set_rule("keep", NewRule(masks=(mask,), policy=policy))


async def states(disk) -> dict[str, str]:
    return {d.name: d.state for d in (await disk.dsm.datasets()).items}


async def test_a_dataset_past_its_lifetime_is_deleted_with_its_files(any_disk):
    disk = any_disk
    short = await closed(disk, "short")
    await closed(disk, "long")
    await disk.add("open.dat", dataset="short.open")
    await keep(disk, "short*", 0)
    await disk.delete()

    assert await states(disk) == {"short": "DELETED", "long": "CLOSED", "short.open": "OPEN"}
    assert not (disk.base / "short.dat").exists()
    assert (disk.base / "long.dat").exists()
    entry = (await disk.dsm.ledger(short))[-1]
    assert (entry.rule, entry.actor) == ("lifetime", "tester")
    assert "and rule keep keeps it for 0 s" in entry.because
    assert entry.evidence["lifetime_s"] == 0


async def test_a_changed_rule_applies_to_what_is_closed_already(disk):
    await closed(disk, "a")
    await keep(disk, "*", 3600)
    await disk.delete()
    assert await states(disk) == {"a": "CLOSED"}
    await keep(disk, "*", None)
    await disk.delete()
    assert await states(disk) == {"a": "CLOSED"}
    await keep(disk, "*", 0)
    await disk.delete()
    assert await states(disk) == {"a": "DELETED"}


async def test_what_was_looked_at_is_not_looked_at_again_until_it_is_time(disk):
    await closed(disk, "a")
    await keep(disk, "*", 3600)
    await disk.delete()
    assert not await disk.dsm.expire()
    uid = (await disk.dataset("a")).uid
    assert (await disk.dsm.dataset(uid)).state is DatasetState.CLOSED
    assert [row.rule for row in await disk.dsm.ledger(uid)] == ["count"]


async def test_a_file_that_a_longer_lived_dataset_holds_stays(disk):
    await closed(disk, "short")
    await disk.register("short.dat", dataset="long")
    await keep(disk, "short", 0)
    await disk.delete()
    assert (await states(disk))["short"] == "DELETED"
    assert (disk.base / "short.dat").exists()
