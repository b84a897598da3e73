"""The loops of services: run together, and waited for until one ends or a signal comes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from penstock_core.service import Loop, Service


@asynccontextmanager
async def running(services: Sequence[Service]) -> "AsyncIterator[asyncio.Future[None]]":
    """Run all loops; give a future that is done, with the error, when one of them ends."""
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ended(task: "asyncio.Task[None]") -> None:
        if task.cancelled() or stopped.done():
            return
        error = task.exception() or RuntimeError(f"the loop {task.get_name()} ended by itself")
        stopped.set_exception(error)

    tasks = [
        asyncio.create_task(_as_coroutine(loop), name=f"{service.name}/{number}")
        for service in services
        for number, loop in enumerate(service.loops)
    ]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield stopped
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if stopped.done() and not stopped.cancelled():
            stopped.exception()
        stopped.cancel()


async def _as_coroutine(loop: Loop) -> None:
    await loop()


async def until(stop: asyncio.Event, stopped: "asyncio.Future[None]") -> None:
    """Wait for ``stop``; raise if a service's loop ends before."""
    waiting = asyncio.ensure_future(stop.wait())
    try:
        either: set[asyncio.Future[Any]] = {waiting, stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if stopped.done():
        stopped.result()
