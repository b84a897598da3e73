"""The auditor as a service: it walks through all stores for ever, a page at a time."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic_settings import BaseSettings, SettingsConfigDict

from penstock.audit.auditor import PAGE, Auditor, Found, Look, key
from penstock_core.clients import DataAccessClient
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.audit import Law, Violation
from penstock_core.contracts.workflow import AlarmKey, NewAlarm
from penstock_core.metrics import AUDITED_AT, VIOLATIONS
from penstock_core.reconciler import Reconciler
from penstock_core.service import House, Service

NAME = "auditor"
KIND = "audit"
OPEN_PAGES = 20
"""How many pages with something wrong are looked at again each time."""


class AuditSettings(BaseSettings):
    """How often the auditor looks: ``PENSTOCK_AUDIT_EVERY_S``.

    Attributes
    ----------
    every_s
        Between two looks, in seconds; each is a page of datasets and one of workflows, and the
        newest of both.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_AUDIT_", frozen=True, extra="ignore")

    every_s: float = 10.0


class Walk:
    """A walk through one list that begins again at its end.

    Each look takes the next page, the newest one, and those on which something was wrong: what
    it costs does not depend on how much there is.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._position = 0
        self._wrong: dict[int, tuple[Violation, ...]] = {}
        self.rounds = 0

    @property
    def violations(self) -> list[Violation]:
        """Return what is wrong as far as is known, each once."""
        unique = {key(v): v for found in self._wrong.values() for v in found}
        return list(unique.values())

    async def go_on(self) -> None:
        """Look once more."""
        here = await self._page(self._position)
        for after in {max(here.newest - PAGE, 0), *list(self._wrong)[:OPEN_PAGES]}:
            if after != self._position:
                await self._page(after)
        self._position = here.next or 0
        self.rounds += here.next is None

    async def _page(self, after: int) -> Found:
        found = await self._look(after)
        self._wrong.pop(after, None)
        if found.violations:
            self._wrong[after] = found.violations
        return found


class Watch:
    """Looks, counts for Prometheus, and raises an alarm for each law that does not hold.

    A law is cleared once a whole round found nothing: what this process does not know of yet may
    be what another one, or an earlier one, raised it for.
    """

    def __init__(self, auditor: Auditor, data_access: DataAccessClient) -> None:
        self._walks = [Walk(look) for look in auditor.looks.values()]
        self._data_access = data_access
        self._raised = dict.fromkeys(Law, "")  # as far as is known, at the start

    async def look(self) -> bool:
        """Audit the next pages; return whether to go on at once, which is never."""
        for walk in self._walks:
            await walk.go_on()
        found = [violation for walk in self._walks for violation in walk.violations]
        counts = Counter(violation.law for violation in found)
        for law in Law:
            VIOLATIONS.labels(law).set(counts[law])
        AUDITED_AT.set_to_current_time()
        await self._tell(found, counts)
        return False

    async def _tell(self, found: list[Violation], counts: Counter[Law]) -> None:
        told = {v.law: _text(v, counts[v.law]) for v in reversed(found)}
        new = [_alarm(law, text) for law, text in told.items() if self._raised.get(law) != text]
        if new:
            await self._data_access.raise_alarms(new)
        self._raised |= told
        over = self._raised.keys() - told.keys()
        if over and all(walk.rounds for walk in self._walks):
            await self._data_access.clear_alarms([_key(law) for law in sorted(over)])
            self._raised = told


def _text(first: Violation, count: int) -> str:
    more = f", and {count - 1} more" if count > 1 else ""
    return f"{first.text}{more}; penstock audit shows all"[:4096]


def _key(law: Law) -> AlarmKey:
    return AlarmKey(kind=KIND, subject=law)


def _alarm(law: Law, text: str) -> NewAlarm:
    return NewAlarm(kind=KIND, subject=law, text=text)


@asynccontextmanager
async def open_service(house: House) -> AsyncIterator[Service]:
    """Give the running service."""
    async with HouseClients(house, NAME) as clients:
        auditor = Auditor(clients.dsm, clients.data_access, clients.pilot)
        watch = Watch(auditor, clients.data_access)
        loop = Reconciler(NAME, watch.look, AuditSettings().every_s)
        yield Service(NAME, loops=(loop.run,))
