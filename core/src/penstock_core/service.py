"""What a service is to whoever runs it: a name, perhaps a REST face, and loops.

Every room has a module ``service.py`` with ``open_service(house, …)``, an async context manager
that gives a :class:`Service`: stores open and migrated, ready to be served. One process may hold
all of them (``penstock up``) or one (production); the service cannot tell.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx2

from penstock_core.bus import Bus
from penstock_core.settings import HouseSettings

Asgi = Callable[..., Awaitable[None]]
Loop = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """One running service. ``loops`` run until cancelled; one that ends otherwise is a defect."""

    name: str
    app: Asgi | None = None
    loops: Sequence[Loop] = ()


@dataclass
class House:
    """What the composition root gives to every service.

    ``doors`` holds the ASGI faces of the services in this process, by host name; requests to
    them stay inside the process, all others go over the network.
    """

    settings: HouseSettings
    bus: Bus
    doors: dict[str, Asgi] = field(default_factory=dict)

    def http(self, url: str) -> httpx2.AsyncClient:
        """Return a client for the service at ``url``. The caller closes it."""
        return httpx2.AsyncClient(
            base_url=url, transport=_Doors(self.doors), timeout=httpx2.Timeout(60, connect=5)
        )


class _Doors(httpx2.AsyncBaseTransport):
    """Sends a request to the face in this process that bears its host's name, or out.

    A defect of that face is its answer 500, as it would be over the network, and no exception
    of the caller.
    """

    def __init__(self, doors: dict[str, Asgi]) -> None:
        self._doors = doors
        self._inside: dict[str, httpx2.ASGITransport] = {}
        self._outside: httpx2.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        if host not in self._doors:
            if self._outside is None:  # reading the machine's certificates takes 50 ms
                self._outside = httpx2.AsyncHTTPTransport()
            return await self._outside.handle_async_request(request)
        if host not in self._inside:
            door = self._doors[host]
            self._inside[host] = httpx2.ASGITransport(app=door, raise_app_exceptions=False)
        return await self._inside[host].handle_async_request(request)

    async def aclose(self) -> None:
        if self._outside is not None:
            await self._outside.aclose()
