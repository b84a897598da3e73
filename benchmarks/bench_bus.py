"""Messages per second through a bus: ``bench_bus.py [file | amqp-url]`` (default: in memory).

Prints publish and consume rates for batches of 100 and 500 messages of 300 bytes.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from penstock_core.bus import Bus, Message
from penstock_core.bus.local import LocalBus
from penstock_core.topology import PENSTOCK

_COUNT = 10_000
_QUEUE = "dsm.register.file.input"


def _make(where: str) -> Bus:
    if where.startswith("amqp"):
        from penstock_core.bus.rabbit import RabbitBus

        return RabbitBus(PENSTOCK, where)
    if where == "file":
        return LocalBus(PENSTOCK, Path(tempfile.mkdtemp()) / "bus.sqlite")
    return LocalBus(PENSTOCK, ":memory:")


async def _publish(bus: Bus, batch: int) -> None:
    message = [Message("dsm.register", "file.input", b"x" * 300) for _ in range(batch)]
    for _ in range(_COUNT // batch):
        await bus.publish(message)


async def _consume(bus: Bus, batch: int) -> None:
    subscription = await bus.subscribe(_QUEUE, prefetch=2 * batch)
    seen = 0
    while seen < _COUNT:
        deliveries = await subscription.batch(batch, wait_s=5)
        await subscription.acknowledge(deliveries)
        seen += len(deliveries)
    await subscription.close()


async def _main(where: str) -> None:
    bus = _make(where)
    await bus.start()
    for batch in (100, 500):
        for name, work in (("publish", _publish), ("consume", _consume)):
            start = time.monotonic()
            await work(bus, batch)
            rate = _COUNT / (time.monotonic() - start)
            print(f"{where or 'memory'}: {name} in batches of {batch}: {rate:.0f}/s")
    await bus.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1] if len(sys.argv) > 1 else ""))
