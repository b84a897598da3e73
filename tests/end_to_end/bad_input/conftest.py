"""A Penstock that holds its jobs, reached as strangers reach it: by HTTP and by its bus."""

import asyncio
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from penstock.house import OpenHouse, open_house
from penstock.serve import serving
from penstock_core.bus import Bus, Delivery, Message
from penstock_core.rights import Role
from penstock_core.settings import HouseSettings
from penstock_core.tokens import Signer

PEOPLE = (Role.VIEWER, Role.EXPERT, Role.OPERATOR)
LISTS = (
    "/template",
    "/dataset",
    "/workflow",
    "/task",
    "/users",
    "/api/v1/dataset",
    "/api/v1/file/",
    "/api/v1/run",
    "/api/v1/storage",
)


@dataclass
class Doors:
    """The doors of one running Penstock, and a token for each role."""

    house: OpenHouse
    http: httpx2.AsyncClient
    tokens: dict[Role, str] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def bus(self) -> Bus:
        return self.house.house.bus

    @property
    def signer(self) -> Signer:
        """The house's own: what signs a bad token here holds the true key."""
        key = self.house.house.settings.public_key.with_name("private.pem")
        return Signer(key.read_text())

    async def ask(
        self, method: str, path: str, role: Role = Role.ADMIN, token: str | None = None, **more: Any
    ) -> httpx2.Response:
        """Return the answer; an empty ``token`` asks without one."""
        given = self.tokens[role] if token is None else token
        headers = {"authorization": f"Bearer {given}"} if given else {}
        return await self.http.request(method, path, headers=headers, **more)

    async def good(self, method: str, path: str, role: Role = Role.ADMIN, **more: Any) -> Any:
        """Return what a request that must work answers."""
        answer = await self.ask(method, path, role, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(
        self, status: int, method: str, path: str, role: Role = Role.ADMIN, **more: Any
    ) -> dict[str, Any]:
        """Return our error, whole: what is wrong, and what to do next."""
        answer = await self.ask(method, path, role, **more)
        assert answer.status_code == status, answer.text
        error: dict[str, Any] = answer.json()
        assert set(error) == {"error", "detail", "hint", "field", "facts"}
        assert error["detail"], path
        assert error["hint"], error["detail"]
        return error

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Check that what is done meanwhile leaves nothing, and that good requests still work."""
        before = await self.rows()
        yield
        assert await self.rows() == before
        await self.neighbour()

    async def rows(self) -> dict[str, Any]:
        """Return all that there is, by list."""
        return {path: await self.good("GET", path, params=_ALL.get(path)) for path in LISTS}

    async def neighbour(self) -> None:
        """Do a good thing at both stores."""
        name = f"neighbour{next(self.numbers)}.raw"
        await self.good("POST", "/dataset/create", Role.OPERATOR, json={"name": name})
        await self.good("POST", "/api/v1/dataset", Role.OPERATOR, json=[{"name": name}])

    async def tell(self, key: str, *bodies: Any) -> list[dict[str, Any]]:
        """Publish requests in one go; return the replies in their order. Bytes go raw."""
        messages = [_request(key, body) for body in bodies]
        await self.bus.publish(messages)
        found = await self._take(f"dsm.register.{key}.reply", len(messages))
        replies = {d.message.correlation_id: json.loads(d.message.body) for d in found}
        return [replies[m.message_id] for m in messages]

    async def dead_reasons(self, queue: str, number: int) -> list[str]:
        """Take so many letters off a dead-letter queue, no more are there; return their reasons."""
        letters = await self._take(f"{queue}.dead", number)
        assert await self.bus.depth(f"{queue}.dead") == 0
        return [letter.message.headers["reason"] for letter in letters]

    async def journal(self, key: str, number: int) -> list[str]:
        """Return what became of the last messages of this kind that were refused."""
        params = {"message_type": key, "outcome": "ERROR", "limit": 1000}
        page = await self.good("GET", "/api/v1/journal", params=params)
        return [entry["details"] for entry in page["items"]][-number:]

    async def _take(self, queue: str, number: int) -> Sequence[Delivery]:
        subscription = await self.bus.subscribe(queue)
        found: list[Delivery] = []
        async with asyncio.timeout(20):
            while len(found) < number:
                found += await subscription.batch(number - len(found), 1)
        await subscription.acknowledge(found)
        await subscription.close()
        return found


_ALL = {path: {"limit": 1000} for path in LISTS if path not in ("/users", "/api/v1/storage")}


def _request(key: str, body: Any) -> Message:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Message("dsm.register", key, raw)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    """A Penstock for all tests of a module, with somebody signed in for each role."""
    settings = HouseSettings(data_dir=tmp_path_factory.mktemp("doors"), reconcile_every_s=0.2)
    async with (
        open_house(settings, hold_jobs=True) as house,
        serving(house.front, 0) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as http,
    ):
        doors = Doors(house, http)
        await _sign_in_all(doors)
        yield doors


async def _sign_in_all(doors: Doors) -> None:
    made = doors.house.credentials
    assert made is not None
    doors.tokens[Role.ADMIN] = await _sign_in(doors, made.username, made.password)
    for role in PEOPLE:
        person = {"email": f"{role}@penstock.example", "password": secrets.token_hex()}
        account = await doors.good("POST", "/auth/register", json=person, token="")
        await doors.good("PATCH", f"/users/{account['id']}", json={"roles": [role]})
        doors.tokens[role] = await _sign_in(doors, *person.values())
    for role, service in ((Role.DAQ, "daq"), (Role.SERVICE, "task-manager")):
        secret = doors.house.house.settings.secret_file(service).read_text().strip()
        body = {"service": service, "secret": secret}
        answer = await doors.good("POST", "/auth/service/token", json=body, token="")
        doors.tokens[role] = answer["access_token"]


async def _sign_in(doors: Doors, username: str, password: str) -> str:
    form = {"username": username, "password": password}
    answer = await doors.good("POST", "/auth/jwt/login", data=form, token="")
    token: str = answer["access_token"]
    return token
