"""A whole house in this process, and how to wait for it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from penstock.house import OpenHouse, open_house
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings

Seen = TypeVar("Seen")
OWNERS = ("data-access", "dsm")
TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def templates() -> Path:
    """The folder of the templates that come with Penstock."""
    return TEMPLATES


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[tuple[OpenHouse, HouseClients]]:
    """An empty house that holds its jobs, and clients of its operator."""
    settings = HouseSettings(data_dir=tmp_path / "data")
    async with (
        open_house(settings, hold_jobs=True) as house,
        HouseClients(house.house, "operator") as clients,
    ):
        yield house, clients


async def eventually(
    look: Callable[[], Awaitable[Seen]], good: Callable[[Seen], bool], within_s: float = 60
) -> Seen:
    """Return what ``look`` gives once it is ``good``; fail with the last look when time is up."""
    deadline = time.monotonic() + within_s
    while True:
        seen = await look()
        if good(seen):
            return seen
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s} s; last seen: {seen}")
        await asyncio.sleep(0.05)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Awaitable[object]]:
    return eventually


@pytest.fixture
def database_url(postgres_dsn: str) -> Iterator[str]:
    """A URL with ``{owner}`` in it, and a database for each owner behind it."""
    server, _, name = postgres_dsn.rpartition("/")
    own = f"{name}_{secrets.token_hex(4)}"
    address = postgres_dsn.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        for owner in OWNERS:
            connection.execute(f'CREATE DATABASE "{own}_{owner}"'.encode())
        yield f"{server}/{own}_{{owner}}"
        for owner in OWNERS:
            connection.execute(f'DROP DATABASE "{own}_{owner}" WITH (FORCE)'.encode())
