"""What tests of closing share: closing by a rule, files of runs and of streams."""

from typing import Any

from tests.dsm.conftest import World, told_file

from penstock_core.contracts.closing import NewRule, Policy
from penstock_core.contracts.dsm import CloseRequest, Dataset
from penstock_core.rights import Role


async def named(world: World, name: str) -> Dataset:
    """Return the one dataset of this name."""
    (found,) = (await world.dsm.datasets(name=name)).items
    return found


async def names(world: World) -> list[tuple[str, int, str]]:
    """Return name, number of files and state of all datasets, in the order of their making."""
    return [(d.name, d.files, d.state.value) for d in (await world.dsm.datasets()).items]


async def close(world: World, name: str, rule: str = "count") -> None:
    """Close a dataset as the scheduler does."""
    found = await named(world, name)
    request = CloseRequest(uid=found.uid, revision=found.revision, rule=rule, because=rule)
    (result,) = await world.dsm.close_datasets([request])
    assert result.outcome == "closed"


async def set_rule(world: World, name: str, mask: str, **policy: Any) -> None:
    """Set a rule as an operator does."""
    rule = NewRule(masks=(mask,), policy=Policy(**policy))
    await world.client(Role.OPERATOR, "olga").set_rule(name, rule)


async def send(world: World, storage: str, name: str, *numbers: int) -> Any:
    """Tell files of a stream; return the outcome."""
    files = [told_file(storage, f"{name}.{n:03d}", sequence=n) for n in numbers]
    return await world.tell("file.input", {"datasetName": name, "files": files})


def stf(n: int, run: str = "1", sender: str = "sim") -> dict[str, Any]:
    """Return the message that an STF of a run is there."""
    filename = f"swf.{run}.{n:06d}.stf"
    return {
        "msg_type": "stf_ready",
        "run_id": run,
        "filename": filename,
        "file_url": f"file:///daq/{filename}",
        "checksum": f"ad:{n:08x}",
        "size_bytes": 1000 + n,
        "sender": sender,
    }
