"""The task-generator as a service: one reconciler, woken by new datasets and changed templates."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from penstock_core.clients.house import HouseClients
from penstock_core.reconciler import HURRIED_REST_S, Reconciler
from penstock_core.service import House, Service
from penstock_core.wakes import follow_wakes
from task_generator.generator import Generator

NAME = "task-generator"


@asynccontextmanager
async def open_service(house: House) -> AsyncIterator[Service]:
    """Give the running service."""
    async with HouseClients(house, NAME) as clients:
        generator = Generator(clients.dsm, clients.data_access)
        loop = Reconciler(
            NAME, generator.generate, house.settings.reconcile_every_s, HURRIED_REST_S
        )
        wakes = follow_wakes(house.bus, f"{NAME}.wake", loop.wake)
        yield Service(NAME, loops=(loop.run, wakes))
