"""The table of SPD's slide comes out of the system exactly, with four generators at work."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import task_generator.service
from penstock.house import OpenHouse
from penstock.loops import running
from penstock.template_file import read_template
from penstock_core.bus import Message
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.dsm import NewStorage

DATASETS = 12
FILES = 2


@asynccontextmanager
async def more_generators(house: OpenHouse, number: int) -> AsyncIterator[None]:
    """Run ``number`` further generators in the house."""
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(task_generator.service.open_service(house.house))
            for _ in range(number)
        ]
        await stack.enter_async_context(running(services))
        yield


def rows(workflow: int) -> list[dict[str, object]]:
    """Return the two rows of a workflow as the slide has them."""
    first_task, first_dataset = 2 * workflow - 1, 5 * workflow - 4
    common = {
        "wflow_id": workflow,
        "exec": "processing_program",
        "args": "cable_map",
        "rank": 1,
        "device": "CPU",
        "mode": "map",
        "retry": 5,
    }
    ids = ("datas_in_id", "datas_out_id", "datas_log_id")
    d = first_dataset
    return [
        {"task_id": first_task, **common, **dict(zip(ids, (d, d + 1, d + 2), strict=True))},
        {"task_id": first_task + 1, **common, **dict(zip(ids, (d + 1, d + 3, d + 4), strict=True))},
    ]


def announced(name: str, folder: Path, storage: str) -> Message:
    """Write the files of a dataset; return the message that tells of them."""
    files = []
    for n in range(FILES):
        path = folder / f"{name}.{n}.raw"
        path.write_bytes(f"{name} {n}".encode())
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        size = path.stat().st_size
        files.append({"storageId": storage, "path": str(path), "size": size, "checksum": digest})
    body = {"datasetName": name, "scope": "spd", "files": files}
    return Message.of_json("dsm.register", "file.input", body)


async def test_the_slides_table(
    held: tuple[OpenHouse, HouseClients], templates: Path, tmp_path: Path, eventually: Callable
) -> None:
    house, clients = held
    template = read_template(templates / "spd" / "template.yaml")
    await clients.data_access.create_template(template)
    storage = await clients.dsm.create_storage(NewStorage(name="in", base=str(tmp_path)))
    names = [f"run{n}.test.raw" for n in range(1, DATASETS + 1)]
    async with more_generators(house, 3):
        for name in names:
            await house.house.bus.publish([announced(name, tmp_path, storage.uid)])
        tasks = await eventually(
            clients.data_access.spd_tasks,
            lambda seen: len(seen) == 24 and all(t.status == "IN_PROGRESS" for t in seen),
        )
    seen = [task.model_dump(exclude={"status"}) for task in tasks]
    assert seen == [row for workflow in range(1, DATASETS + 1) for row in rows(workflow)]
    assert [seen[10][k] for k in ("task_id", "wflow_id", "datas_in_id")] == [11, 6, 26]

    datasets = (await clients.dsm.datasets(kind="input")).items
    await clients.pilot.hold(False)
    await house.house.bus.publish(
        [
            Message.of_json("dsm.register", "dataset.close", {"datasetId": d.uid, "files": FILES})
            for d in datasets
        ]
    )
    await eventually(
        clients.data_access.spd_tasks,
        lambda seen: all(t.status == "FINISHED" for t in seen),
        within_s=120,
    )
    open_ones = await eventually(
        lambda: clients.dsm.datasets(state="OPEN"), lambda page: not page.items, within_s=30
    )
    assert open_ones.items == ()
    outputs = (await clients.dsm.datasets(kind="output", limit=100)).items
    assert {d.files for d in outputs} == {FILES}
