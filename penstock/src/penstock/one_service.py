"""``penstock serve``: one service in a process of its own, on RabbitMQ and PostgreSQL.

``python -m penstock.one_service NAME`` is the same, and loads of Penstock what that service needs:
each process is 30 to 80 MB smaller.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2

from penstock.data_folder import make_ready
from penstock.front import Front
from penstock.heart import heart
from penstock.loops import running, until
from penstock.one_process import share_process
from penstock.proxy import Proxy
from penstock.serve import DRAIN_S, HOST, Door, serving_on, signalled
from penstock.services import ROOMS, Room, url_setting, url_variable
from penstock_core.bus import Bus, policies
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.bus.rabbit_looking import virtual_host
from penstock_core.errors import BusUnavailable, InvalidInput, PenstockError
from penstock_core.logs import set_up_logging
from penstock_core.service import Asgi, House, Service
from penstock_core.settings import HouseSettings
from penstock_core.tokens import Verifier
from penstock_core.topology import PENSTOCK
from penstock_core.web import add_readiness, new_app

log = logging.getLogger(__name__)
FRONT = "front"
NAMES = (*(room.name for room in ROOMS), FRONT)
_LOOK_EVERY_S = 0.2
_AGAIN_S = 2.0
_PATIENCE = httpx2.Timeout(60, connect=5)


async def serve(name: str, settings: HouseSettings, door: Door) -> None:
    """Run a service until SIGINT or SIGTERM; raises what ended it, if it ended by itself.

    ``front`` is no service: it gives all REST faces one address.
    """
    share_process()
    stop = signalled()
    standing = asyncio.create_task(_stand(name, settings, door))
    try:
        await until(stop, standing)  # it may wait for others to start, and is to end then, too
    finally:
        standing.cancel()
        await asyncio.gather(standing, return_exceptions=True)


async def _stand(name: str, settings: HouseSettings, door: Door) -> None:
    """Serve until cancelled, or until a loop ends, which none should."""
    async with AsyncExitStack() as stack:
        # Had before anything is opened; who asks meanwhile waits, and is answered once it is ready.
        listener, *others = stack.enter_context(door.listeners())
        services = await stack.enter_async_context(_opened(name, settings))
        stopped = await stack.enter_async_context(running(services))
        service = services[0]
        assert service.app is not None  # noqa: S101 - each that is opened here has a face
        served = serving_on(listener, service.app, *others, drain_s=DRAIN_S)
        url = await stack.enter_async_context(served)
        log.info("%s answers at %s.", name, url)
        await stopped


@asynccontextmanager
async def _opened(name: str, settings: HouseSettings) -> AsyncIterator[Sequence[Service]]:
    """Give the service, and its heart after it; the front, which is none, has no heart."""
    if name == FRONT:
        async with _front(settings) as service:
            yield [service]
        return
    room = _room(name)
    check(settings)
    make_ready(settings.data_dir)
    if room is not ROOMS[0]:
        await _keys(settings, name)
    async with AsyncExitStack() as stack:
        await _apply_policies(settings)
        bus = RabbitBus(PENSTOCK, settings.broker_url, management_url=settings.management_url)
        await bus.start()
        stack.push_async_callback(bus.close)
        house = House(settings, bus)
        service = await stack.enter_async_context(room.open(house))
        if service.app is None:
            urls = {"data-access": settings.data_access_url, "dsm": settings.dsm_url}
            needs = {need: house.http(url) for need, url in urls.items()}
            for http in needs.values():
                stack.push_async_callback(http.aclose)
            service = replace(service, app=_health_of(service.name, bus, needs))
        yield [service, await stack.enter_async_context(heart(house, [service], name))]


def _room(name: str) -> Room:
    for room in ROOMS:
        if room.name == name:
            return room
    raise InvalidInput(f"There is no service {name!r}.", hint=f"There are: {', '.join(NAMES)}.")


def check(settings: HouseSettings) -> None:
    """Raise ``InvalidInput`` where services of several processes could not meet."""
    wanted = {
        "PENSTOCK_BROKER_URL": settings.broker_url,
        "PENSTOCK_DATABASE_URL": settings.database_url,
    }
    for room in ROOMS:
        if room.paths:
            url = _url(settings, room)
            wanted[url_variable(room)] = "" if url == f"http://{room.name}" else url
    if missing := [name for name, value in wanted.items() if not value]:
        raise InvalidInput(
            f"A service by itself needs {', '.join(missing)}.",
            hint="See docs/operations.md, One process a service; penstock up needs none of them.",
        )


def _url(settings: HouseSettings, room: Room) -> str:
    return str(getattr(settings, url_setting(room)))


async def _apply_policies(settings: HouseSettings) -> None:
    """Put RabbitMQ's policies in force, and say which are not; wait for a broker that is away."""
    if not settings.management_url:
        return
    host = virtual_host(settings.broker_url)
    while True:
        try:
            await policies.apply(PENSTOCK, settings.management_url, host)
            break
        except BusUnavailable as error:
            log.warning("%s", error)
            await asyncio.sleep(_AGAIN_S)
    for complaint in await policies.verify(PENSTOCK, settings.management_url, host):
        log.error("%s", complaint)


async def _keys(settings: HouseSettings, name: str) -> None:
    """Wait until data-access has made the key and this service's secret, at its first start."""
    for file in (settings.public_key, settings.secret_file(name)):
        if not file.exists():
            log.warning("%s waits for data-access to make %s.", name, file)
        while not file.exists():
            await asyncio.sleep(_LOOK_EVERY_S)


@asynccontextmanager
async def _front(settings: HouseSettings) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        faces: dict[str, Asgi] = {"/metrics": new_app("Penstock front", Verifier("", FRONT))}
        for room in ROOMS:
            if room.paths:
                http = httpx2.AsyncClient(base_url=_url(settings, room), timeout=_PATIENCE)
                stack.push_async_callback(http.aclose)
                faces |= dict.fromkeys(room.paths, Proxy(http))
        yield Service(FRONT, Front(faces))


def _health_of(name: str, bus: Bus, needs: Mapping[str, httpx2.AsyncClient]) -> Asgi:
    """Return the face of a service that has none of its own: whether it is alive, and ready.

    It is once its queue, if it has one, and the services that it ``needs`` answer.
    """
    wakes = f"{name}.wake" if any(q.name == f"{name}.wake" for q in PENSTOCK.queues) else ""
    app = new_app(f"Penstock {name}", Verifier("", name))

    async def waits_for() -> dict[str, str]:
        reasons = {}
        try:
            if wakes:
                await bus.depth(wakes)
        except BusUnavailable as error:
            reasons["broker"] = str(error)
        for need, http in needs.items():
            try:
                if not (await http.get("/health/ready")).is_success:
                    reasons[need] = "it is not ready"
            except httpx2.HTTPError as error:
                reasons[need] = str(error) or type(error).__name__
        return reasons

    add_readiness(app, waits_for)
    return app


def main() -> int:
    """Run the service that the command line names."""
    asked = argparse.ArgumentParser(prog="python -m penstock.one_service")
    asked.add_argument("service", choices=NAMES)
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--host", default=HOST)
    asked.add_argument("--shared", action="store_true", help="standard input is the socket")
    asked.add_argument("--own", type=Path, default=None, help="a socket's file, of this process")
    asked.add_argument("--data-dir", type=Path, default=None)
    given = asked.parse_args()
    set_up_logging(given.service, as_json=not sys.stderr.isatty(), level="INFO")
    own = {"data_dir": given.data_dir} if given.data_dir else {}
    try:
        door = Door(given.port, given.host, given.shared, given.own)
        asyncio.run(serve(given.service, HouseSettings(**own), door))
    except PenstockError as error:
        log.critical("%s %s", error.message, error.hint)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
