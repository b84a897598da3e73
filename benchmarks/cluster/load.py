"""What is sent, and how long is waited until all of it is done."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.bench_chains import chain
from benchmarks.cluster.world import World
from penstock_core.bus import Message
from penstock_core.contracts.workflow import NewTemplate

UPLOADS = 4
LOOK_EVERY_S = 0.25
WITHIN_S = 600
_WAITS = "    hints: [{class: penstock:Task, trigger: closed}]\n    scatter: f\n"
_SPACE = "class: Workflow\n$namespaces: {penstock: 'https://penstock.dev/cwl#'}\n"


def waiting_chain() -> str:
    """Return the chain of three steps, each of which waits until its input is closed."""
    return chain().replace("    scatter: f\n", _WAITS).replace("class: Workflow\n", _SPACE)


async def upload(world: World, name: str, count: int, document: str) -> None:
    """Upload templates ``name0000`` and so on, each with a mask of its own."""
    several = asyncio.Semaphore(UPLOADS)

    async def one(number: int) -> None:
        async with several:
            await world.clients.data_access.create_template(
                NewTemplate(
                    name=f"{name}{number:04d}",
                    masks=(f"{name}{number:04d}.*",),
                    documents={"chain.cwl": document},
                    main="chain.cwl",
                    input="raw",
                )
            )

    await asyncio.gather(*(one(number) for number in range(count)))


def dataset(name: str, number: int, **more: object) -> Message:
    """Return the message that opens an input dataset."""
    body = {"datasetName": name, "scope": "daq", "metadata": {"run": number}} | more
    return Message.of_json("dsm.register", "dataset.input", body)


async def until(done: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return once ``done()``; raises ``TimeoutError``, which names ``what``."""
    deadline = time.monotonic() + WITHIN_S
    while not await done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not done within {WITHIN_S} s")
        await asyncio.sleep(LOOK_EVERY_S)


async def chains_stored(world: World, count: int) -> None:
    """Return once so many workflows are stored."""

    async def all_there() -> bool:
        return await asyncio.to_thread(world.count, "data-access", "workflow") >= count

    await until(all_there, f"storing {count} chains")
