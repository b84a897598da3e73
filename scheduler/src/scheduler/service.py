"""The scheduler as a service: one reconciler for each kind of decision."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from penstock_core.clients.house import HouseClients
from penstock_core.reconciler import UNHURRIED_REST_S, Reconciler
from penstock_core.service import House, Service
from penstock_core.wakes import follow_wakes
from scheduler.closer import Closer
from scheduler.timer import Timer

NAME = "scheduler"


@asynccontextmanager
async def open_service(house: House) -> AsyncIterator[Service]:
    """Give the running service."""
    timer = Timer()

    def wake_at(moment: datetime | None) -> None:
        timer.set(moment, loop.wake)

    async with HouseClients(house, NAME) as clients:
        closer = Closer(clients.dsm, clients.data_access, wake_at)
        every_s = house.settings.reconcile_every_s
        loop = Reconciler(f"{NAME}:close", closer.close, every_s, UNHURRIED_REST_S)
        try:
            yield Service(
                NAME, loops=(loop.run, follow_wakes(house.bus, f"{NAME}.wake", loop.wake))
            )
        finally:
            timer.set(None, loop.wake)
