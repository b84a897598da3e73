"""Files per second registered through ``dsm.register`` in messages of 100."""

import asyncio
import time

from benchmarks.figure import Figure
from benchmarks.house import measured_house
from penstock_core.bus import Message
from penstock_core.contracts.dsm import NewStorage

MESSAGES = 200
FILES = 100


def run() -> list[Figure]:
    """Measure."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    async with measured_house() as (house, clients):
        storage = await clients.dsm.create_storage(NewStorage(name="buffer", base="/buffer"))
        messages = [message(n, storage.uid, "bench.files") for n in range(MESSAGES)]
        began = time.perf_counter()
        for start in range(0, MESSAGES, 10):
            await house.house.bus.publish(messages[start : start + 10])
        registered = 0
        while registered < MESSAGES * FILES:
            page = await clients.dsm.datasets(name="bench.files")
            registered = sum(dataset.files for dataset in page.items)
            await asyncio.sleep(0.02)
        rate = MESSAGES * FILES / (time.perf_counter() - began)
    return [Figure("files registered, messages of 100", round(rate), "files/s", 3000)]


def message(number: int, storage: str, name: str) -> Message:
    """Return a message that tells the next 100 files of a dataset."""
    files = [
        {
            "storageId": storage,
            "path": f"/buffer/{name}.{number:06d}.{n:03d}.stf",
            "size": 2_000_000_000,
            "checksum": f"ad:{number * FILES + n:08x}",
            "sequence": number * FILES + n + 1,
        }
        for n in range(FILES)
    ]
    return Message.of_json("dsm.register", "file.input", {"datasetName": name, "files": files})
