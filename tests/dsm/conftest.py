"""A storage manager on either database, and clients of it with any role."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from dsm.service import open_manager, open_register
from penstock_core.bus import Bus, Message
from penstock_core.bus.local import LocalBus
from penstock_core.clients import DsmClient
from penstock_core.clock import parse_time
from penstock_core.contracts.dsm import NewStorage
from penstock_core.contracts.intake import IntakeMessage
from penstock_core.contracts.workflow import AlarmKey, NewAlarm
from penstock_core.rights import Role
from penstock_core.service import House, Service
from penstock_core.settings import HouseSettings
from penstock_core.tokens import Signer, make_key_pair, write_secret
from penstock_core.topology import PENSTOCK


class Tokens:
    """Tokens signed at once."""

    def __init__(self, signer: Signer, subject: str, roles: Sequence[Role]) -> None:
        self._token = signer.sign(subject, roles)

    async def token(self) -> str:
        return self._token

    def forget(self) -> None:
        return


@dataclass
class World:
    """A house with a manager in it; the register runs only where a test asks for it."""

    house: House
    signer: Signer
    manager: Service | None = None
    alarms: dict[tuple[str, str], str] = field(default_factory=dict)
    _open: list[DsmClient] = field(default_factory=list)

    def client(self, role: Role = Role.SERVICE, subject: str = "tester") -> DsmClient:
        client = DsmClient(self.house.http("http://dsm"), Tokens(self.signer, subject, [role]))
        self._open.append(client)
        return client

    @cached_property
    def dsm(self) -> DsmClient:
        return self.client()

    async def tell(self, key: str, *bodies: Any, exchange: str = "dsm.register") -> Any:
        """Take in bodies under new ids; return the outcomes, or the only one."""
        outcomes = await self.dsm.take_in([intake(exchange, key, body) for body in bodies])
        return outcomes if len(bodies) != 1 else outcomes[0]

    async def daq(self, key: str, *bodies: Any) -> Any:
        return await self.tell(key, *bodies, exchange="daq")

    @asynccontextmanager
    async def register(self) -> AsyncIterator[None]:
        """Run the register, and the manager's relay, as a service does."""
        assert self.manager is not None
        async with open_register(self.house) as register:
            tasks = [asyncio.create_task(loop()) for loop in register.loops]
            tasks += [asyncio.create_task(loop()) for loop in self.manager.loops]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task

    async def replies(self, key: str, count: int, wait_s: float = 10) -> list[Message]:
        """Take ``count`` replies off the queue of ``key``."""
        subscription = await self.house.bus.subscribe(f"dsm.register.{key}.reply")
        found: list[Message] = []
        async with asyncio.timeout(wait_s):
            while len(found) < count:
                batch = await subscription.batch(count - len(found), wait_s)
                await subscription.acknowledge(batch)
                found += [delivery.message for delivery in batch]
        await subscription.close()
        return found

    async def close(self) -> None:
        for client in self._open:
            await client.close()


_ids = iter(range(10**9))


def intake(exchange: str, key: str, body: Any, message_id: str = "", **more: Any) -> IntakeMessage:
    """Return a message; a text is its body as it is, anything else becomes JSON."""
    return IntakeMessage(
        exchange=exchange,
        routing_key=key,
        body=body if isinstance(body, str) else json.dumps(body),
        message_id=message_id or f"m{next(_ids)}",
        timestamp=parse_time("2026-01-01T00:00:00"),
        **more,
    )


def told_file(storage: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a file as SPD's messages tell it."""
    digest = f"{abs(hash(name)):032x}"[:32]
    return {"storageId": storage, "path": f"run/{name}", "size": 100, "checksum": digest} | more


@asynccontextmanager
async def open_world(
    folder: Path, database_url: str = "", dsm_url: str = "http://dsm", bus: Bus | None = None
) -> AsyncIterator[World]:
    """Give a house with a manager on SQLite in ``folder``, or on the database given.

    Services look for the manager at ``dsm_url``, the world's own clients at its door.
    """
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    make_key_pair(keys / "private.pem", keys / "public.pem")
    signer = Signer((keys / "private.pem").read_text())
    for service in ("dsm", "dsm-inspector"):
        write_secret(folder / "secrets" / service, "secret")
    settings = HouseSettings(
        data_dir=folder, database_url=database_url, dsm_url=dsm_url, reconcile_every_s=0.2
    )
    bus = bus or LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    house = House(settings, bus)
    world = World(house, signer)
    house.doors["data-access"] = _data_access(signer, world.alarms)
    try:
        async with open_manager(house) as manager:
            world.manager = manager
            assert manager.app is not None
            house.doors["dsm"] = manager.app
            yield world
    finally:
        await world.close()
        await bus.close()


def _data_access(signer: Signer, raised: dict[tuple[str, str], str]) -> FastAPI:
    app = FastAPI()

    @app.post("/auth/service/token")
    async def token(asked: dict[str, str]) -> dict[str, Any]:
        return {"access_token": signer.sign(asked["service"], [Role.SERVICE]), "expires_in": 900}

    @app.post("/alarm/raise")
    async def raise_alarms(alarms: list[NewAlarm]) -> None:
        raised.update({(alarm.kind, alarm.subject): alarm.text for alarm in alarms})

    @app.post("/alarm/clear")
    async def clear_alarms(keys: list[AlarmKey]) -> None:
        for key in keys:
            raised.pop((key.kind, key.subject), None)

    return app


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty PostgreSQL, or "" for SQLite."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_dsn")
    return url


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    """Give a storage manager, on both databases in turn."""
    async with open_world(tmp_path, database_url) as world:
        yield world


@pytest.fixture
async def sqlite_world(tmp_path: Path) -> AsyncIterator[World]:
    """Give a storage manager on SQLite, for what does not depend on the database."""
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def storage(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Return the uid of a storage in the world."""
    name = "world" if "world" in request.fixturenames else "sqlite_world"
    world: World = request.getfixturevalue(name)
    made = await world.dsm.create_storage(NewStorage(name="buffer", base="/data/buffer"))
    return made.uid
