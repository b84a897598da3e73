"""``penstock up``: every service in one process, until a signal comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from penstock.daq_runs import daq_runs, sending
from penstock.house import OpenHouse, open_house
from penstock.serve import serving, signalled
from penstock_core.settings import HouseSettings


@asynccontextmanager
async def standing(
    data_dir: Path, *ports: int, hold_jobs: bool = False
) -> AsyncIterator[tuple[OpenHouse, str]]:
    """Give the open house and its URL: services running, served, unfinished runs taken up."""
    settings = HouseSettings(data_dir=data_dir)
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings, hold_jobs=hold_jobs))
        url = await stack.enter_async_context(serving(house.front, *ports))
        (data_dir / "url").write_text(url)
        for run in daq_runs(data_dir):
            await stack.enter_async_context(sending(run, url, settings))
        yield house, url


async def up(data_dir: Path, port: int, *, hold_jobs: bool, console: Console) -> None:
    """Stand until SIGINT or SIGTERM; raises what ended a service, if one ended by itself."""
    stop = signalled()
    async with standing(data_dir, port, hold_jobs=hold_jobs) as (house, url):
        say_where(console, house, url, data_dir)
        await until(stop, house.stopped)
        console.print("Stopping; nothing is lost, `penstock up` goes on from here.")


def say_where(console: Console, house: OpenHouse, url: str, data_dir: Path) -> None:
    """Print where Penstock answers, and the sign-in if this start made it."""
    console.print(f"Penstock answers at [bold]{url}/ui/[/bold]; its data lie in {data_dir}.")
    if house.credentials is not None:
        made = house.credentials
        console.print(
            f"Sign in as [bold]{made.username}[/bold], password [bold]{made.password}[/bold]"
        )
        console.print("(made at this first start, shown this once, stored only as a hash).")


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
