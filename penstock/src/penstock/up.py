"""``penstock up``: every service in one process, until a signal comes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from penstock.daq_runs import daq_runs, sending
from penstock.errands import jobs_held
from penstock.house import OpenHouse, open_house
from penstock.loops import until
from penstock.one_process import share_process
from penstock.saying import Speaker
from penstock.serve import listening, serving_on, signalled
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings

OPERATOR = "operator"


@asynccontextmanager
async def standing(
    data_dir: Path, *ports: int, speaker: Speaker, hold_jobs: bool = False
) -> AsyncIterator[tuple[OpenHouse, str]]:
    """Give the open house and its URL: services running, served, unfinished runs taken up.

    The port is had before anything is made: a start that fails has shown no password.
    """
    share_process()
    settings = HouseSettings(data_dir=data_dir)
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listening(*ports))
        opening = open_house(settings, hold_jobs=hold_jobs, announce=speaker.sign_in)
        house = await stack.enter_async_context(opening)
        url = await stack.enter_async_context(serving_on(listener, house.front))
        stack.enter_context(_told_where(data_dir, url))
        speaker.where(url)
        if await _are_held(house):
            speaker.held()
        for run in daq_runs(data_dir):
            if not run.done:
                speaker.goes_on(run)
                await stack.enter_async_context(sending(run, url, settings, speaker.sent))
        yield house, url


async def up(data_dir: Path, port: int, *, hold_jobs: bool, speaker: Speaker) -> None:
    """Stand until SIGINT or SIGTERM; raises what ended a service, if one ended by itself."""
    stop = signalled()
    async with standing(data_dir, port, speaker=speaker, hold_jobs=hold_jobs) as (house, _):
        await until(stop, house.stopped)
        speaker.stopped()


async def _are_held(house: OpenHouse) -> bool:
    async with HouseClients(house.house, OPERATOR) as clients:
        return await jobs_held(clients.pilot)


@contextmanager
def _told_where(data_dir: Path, url: str) -> Iterator[None]:
    """Keep the URL in the data folder as long as somebody answers there."""
    file = data_dir / "url"
    file.write_text(url)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
