"""The composition root: one bus, every service open, their loops running, one front door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import data_access.service
import pilot.service
from data_access.first_start import Announce, Credentials
from penstock.data_folder import sole_user
from penstock.front import Front
from penstock.heart import heart
from penstock.loops import running
from penstock.services import ROOMS, Opener
from penstock_core.bus import Bus
from penstock_core.bus.local import LocalBus
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.service import Asgi, House, Service
from penstock_core.settings import HouseSettings
from penstock_core.topology import PENSTOCK


@dataclass(frozen=True)
class OpenHouse:
    """All services in this process.

    Attributes
    ----------
    house
        Bus, settings and doors: what the services were given.
    front
        The one ASGI application that answers for all of them.
    credentials
        The first admin's sign-in, if this start made it: shown once, never stored.
    stopped
        Done when a loop of a service has ended, which none should: it carries the error.
    """

    house: House
    front: Front
    credentials: Credentials | None
    stopped: "asyncio.Future[None]"


@asynccontextmanager
async def open_house(
    settings: HouseSettings, *, hold_jobs: bool = False, announce: Announce = lambda _: None
) -> AsyncIterator[OpenHouse]:
    """Open every service and run their loops; at the end stop them and close all in reverse.

    ``announce`` is told the first admin's sign-in when it is made, whatever fails afterwards.

    Raises
    ------
    Conflict
        another process has this data folder open.
    InvalidInput
        the data folder cannot be written.
    """
    made: list[Credentials] = []

    def tell(credentials: Credentials) -> None:
        made.append(credentials)
        announce(credentials)

    openers = _openers(tell, hold_jobs)
    with sole_user(settings.data_dir):
        async with AsyncExitStack() as stack:
            house = House(settings, await _open_bus(stack, settings))
            faces: dict[str, Asgi] = {}
            services: list[Service] = []
            for room in ROOMS:
                opener = openers.get(room.name, room.open)
                service = await stack.enter_async_context(opener(house))
                services.append(service)
                if service.app is not None:
                    house.doors[room.name] = service.app
                    faces |= dict.fromkeys(room.paths, service.app)
            beating = await stack.enter_async_context(heart(house, services, ROOMS[0].name))
            stopped = await stack.enter_async_context(running([*services, beating]))
            yield OpenHouse(house, Front(faces), made[0] if made else None, stopped)


def _openers(announce: Announce, hold_jobs: bool) -> dict[str, Opener]:
    """Return how two of the rooms open, with what this start says of them."""
    return {
        "data-access": partial(data_access.service.open_service, announce=announce),
        "pilot": partial(pilot.service.open_service, hold=hold_jobs),
    }


async def _open_bus(stack: AsyncExitStack, settings: HouseSettings) -> Bus:
    bus: Bus
    if settings.broker_url:
        bus = RabbitBus(PENSTOCK, settings.broker_url, management_url=settings.management_url)
    else:
        bus = LocalBus(PENSTOCK, settings.data_dir / "bus.db")
    await bus.start()
    stack.push_async_callback(bus.close)
    return bus
