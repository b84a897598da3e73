"""The scheduler as a service: one reconciler for each kind of decision."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from penstock_core.clients.house import HouseClients
from penstock_core.reconciler import Reconciler
from penstock_core.service import House, Service
from penstock_core.wakes import follow_wakes
from scheduler.closer import Closer
from scheduler.closing import ClosingPolicy

NAME = "scheduler"


@asynccontextmanager
async def open_service(house: House) -> AsyncIterator[Service]:
    """Give the running service."""
    async with HouseClients(house, NAME) as clients:
        closer = Closer(clients.dsm, ClosingPolicy())
        loop = Reconciler(f"{NAME}:close", closer.close, house.settings.reconcile_every_s)
        yield Service(NAME, loops=(loop.run, follow_wakes(house.bus, f"{NAME}.wake", loop.wake)))
