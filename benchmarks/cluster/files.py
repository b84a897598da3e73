"""How many files a second are registered through ``dsm.register``, in messages of 100."""

import time

from benchmarks.bench_registration import FILES, message
from benchmarks.cluster.load import until
from benchmarks.cluster.world import World
from benchmarks.figure import Figure

MESSAGES = 400


async def measure(world: World, name: str, suffix: str = "") -> list[Figure]:
    """Return the rate, from the first message sent to the last file registered."""
    [storage] = [s for s in await world.clients.dsm.storages() if s.name == "buffer"]
    messages = [message(n, storage.uid, name) for n in range(MESSAGES)]
    began = time.perf_counter()
    for start in range(0, MESSAGES, 10):
        await world.bus.publish(messages[start : start + 10])

    async def all_there() -> bool:
        page = await world.clients.dsm.datasets(name=name)
        return sum(dataset.files for dataset in page.items) >= MESSAGES * FILES

    await until(all_there, "registering files")
    rate = MESSAGES * FILES / (time.perf_counter() - began)
    return [Figure(f"files registered, messages of 100{suffix}", round(rate), "files/s", 5000)]
