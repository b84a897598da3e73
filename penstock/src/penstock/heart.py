"""The heartbeats of a process: how each of its services stands, told to data-access.

Beside them it measures how much waits on the queues of these services.
One that cannot be sent is left out: the next tells all that it would have told.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib import metadata
from uuid import uuid4

import httpx2

from penstock_core import activity
from penstock_core.bus import Bus
from penstock_core.clients import DataAccessClient
from penstock_core.clients.house import HouseClients
from penstock_core.clock import now
from penstock_core.contracts.services import BEAT_EVERY_S, Heartbeat, ServiceState
from penstock_core.errors import PenstockError
from penstock_core.metrics import WAITING
from penstock_core.reconciler import Reconciler
from penstock_core.service import House, Service
from penstock_core.topology import PENSTOCK

log = logging.getLogger(__name__)
NAME = "heart"
DEPTHS_EVERY_S = 15.0
_LAST_WORD_S = 1.0


@asynccontextmanager
async def heart(
    house: House, services: Sequence[Service], sender: str, every_s: float = BEAT_EVERY_S
) -> AsyncIterator[Service]:
    """Give the loop that tells of ``services`` in the name of ``sender``."""
    async with HouseClients(house, sender) as clients:
        hearts = [_Heart(service) for service in services]
        beating = _Beating(clients.data_access, hearts, every_s)
        queues = _queues({service.name for service in services})
        depths = Reconciler(
            f"{sender}:queues", partial(_measure, house.bus, queues), DEPTHS_EVERY_S
        )
        yield Service(NAME, loops=(beating.run, depths.run))


def _queues(services: Collection[str]) -> list[str]:
    """Return the queues that these services read or fill, with their dead-letter queues."""
    mine = [q for q in PENSTOCK.queues if activity.service_of(q.name) in services]
    return [q.name for q in mine] + [q.dead for q in mine if not q.wake]


async def _measure(bus: Bus, queues: Sequence[str]) -> bool:
    for queue in queues:
        WAITING.labels(queue).set(await bus.depth(queue))
    return False


@dataclass
class _Heart:
    """One service, and what is remembered of it from beat to beat."""

    service: Service
    instance: str = field(default_factory=lambda: uuid4().hex)
    started_at: datetime = field(default_factory=now)
    was_ready: bool = False
    behind_since: datetime | None = None

    async def beat(self, *, stops: bool = False) -> Heartbeat:
        name, moment = self.service.name, now()
        waits_for = await self._waits_for()
        lag = activity.behind(name)
        self.behind_since = (self.behind_since or moment) if lag else None
        return Heartbeat(
            instance=self.instance,
            name=name,
            version=metadata.version("penstock"),
            host=socket.gethostname(),
            pid=os.getpid(),
            state=ServiceState.STOPPING if stops else self._state(waits_for),
            waits_for=waits_for,
            started_at=self.started_at,
            last_activity_at=activity.worked_at(name),
            lag_events=lag,
            lag_s=(moment - self.behind_since).total_seconds() if self.behind_since else 0,
        )

    def _state(self, waits_for: dict[str, str]) -> ServiceState:
        self.was_ready |= not waits_for
        if not waits_for:
            return ServiceState.READY
        return ServiceState.WAITING if self.was_ready else ServiceState.STARTING

    async def _waits_for(self) -> dict[str, str]:
        reasons = activity.troubles(self.service.name)
        if self.service.app is None:
            return reasons
        transport = httpx2.ASGITransport(app=self.service.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://itself") as itself:
            answer = await itself.get("/health/ready")
        if answer.is_success:
            return reasons
        if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
            return reasons | {"itself": f"its readiness is answered {answer.status_code}"}
        return reasons | dict(answer.json()["waits_for"])


@dataclass(frozen=True, slots=True)
class _Beating:
    data_access: DataAccessClient
    hearts: Sequence[_Heart]
    every_s: float

    async def run(self) -> None:
        """Tell how the services stand until cancelled, and then that they stop."""
        try:
            while True:
                await self._beat()
                await asyncio.sleep(self.every_s)
        finally:
            await self._say_that_they_stop()

    async def _beat(self, *, stops: bool = False) -> None:
        try:
            told = [await heart.beat(stops=stops) for heart in self.hearts]
            await self.data_access.beat(told)
        except PenstockError as error:
            log.info("No heartbeat: %s", error)
        except Exception:
            # Whatever is wrong with telling, the services go on.
            log.exception("No heartbeat")

    async def _say_that_they_stop(self) -> None:
        try:
            async with asyncio.timeout(_LAST_WORD_S):
                await self._beat(stops=True)
        except TimeoutError:
            log.info("Nobody was told that this process stops.")
