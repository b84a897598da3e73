"""A whole house in a folder of its own, for measuring: real files, real fsync, jobs held."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from penstock.house import OpenHouse, open_house
from penstock.one_process import share_process
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings


@asynccontextmanager
async def measured_house(hold_jobs: bool = True) -> AsyncIterator[tuple[OpenHouse, HouseClients]]:
    """Give an open, empty house, its pilot held or not, and clients of its operator."""
    share_process()
    with TemporaryDirectory(prefix="penstock-bench-") as folder:
        settings = HouseSettings(data_dir=Path(folder))
        async with (
            open_house(settings, hold_jobs=hold_jobs) as house,
            HouseClients(house.house, "operator") as clients,
        ):
            yield house, clients
