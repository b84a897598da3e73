"""One audit: pages of datasets, then pages of workflows, each held against the other stores.

What is under way looks like a violation for a moment: what is found is asked for again after a
while, and counts if it is still there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clients.pilot import PilotClient
from penstock_core.contracts.audit import Violation

PAGE = 500
SETTLE_S = 5.0
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with one page; ``next`` as in a list, ``newest`` the last number there is."""

    violations: tuple[Violation, ...]
    next: int | None
    newest: int


Look = Callable[[int], Awaitable[Found]]


class Auditor:
    """Audits what three owners of facts hold.

    Parameters
    ----------
    settle_s
        How long what is found may be under way, in seconds.
    """

    def __init__(
        self,
        dsm: DsmClient,
        data_access: DataAccessClient,
        pilot: PilotClient,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._pilot = pilot
        self._settle_s = settle_s

    @property
    def looks(self) -> dict[str, Look]:
        """Return what is walked through, by name: each gives the page after a number."""
        return {"datasets": self.datasets, "workflows": self.workflows}

    async def everything(self, told: Told = lambda _name, _at, _all: None) -> list[Violation]:
        """Return all violations; ``told`` hears of what, how far, and of how many."""
        found: list[Violation] = []
        for name, look in self.looks.items():
            after: int | None = 0
            while after is not None:
                page = await look(after)
                found += page.violations
                after = page.next
                told(name, page.newest if after is None else after, page.newest)
        return found

    async def datasets(self, after: int) -> Found:
        """Audit a page of datasets: their own laws, their decisions, chains and copied states."""
        return await self._confirmed(self._datasets, after)

    async def workflows(self, after: int) -> Found:
        """Audit a page of workflows: their own laws, their jobs, and what is registered of them."""
        return await self._confirmed(self._workflows, after)

    async def repair(self, violations: Iterable[Violation]) -> int:
        """Have told again what that may mend; return how many datasets those are."""
        uids = sorted({v.tell_again for v in violations if v.tell_again})
        for start in range(0, len(uids), PAGE):
            await self._dsm.tell_again(uids[start : start + PAGE])
        return len(uids)

    async def _datasets(self, after: int) -> Found:
        page = await self._dsm.audit_datasets(after, PAGE)
        elsewhere = await self._data_access.audit_copies(page.datasets)
        return Found((*page.violations, *elsewhere), page.next, page.newest)

    async def _workflows(self, after: int) -> Found:
        page = await self._data_access.audit_workflows(after, PAGE)
        elsewhere = (
            *await self._pilot.audit_tasks(page.tasks),
            *await self._dsm.audit_outputs(page.tasks),
        )
        return Found((*page.violations, *elsewhere), page.next, page.newest)

    async def _confirmed(self, look: Look, after: int) -> Found:
        first = await look(after)
        if not first.violations:
            return first
        await asyncio.sleep(self._settle_s)
        second = await look(after)
        return Found(both(first.violations, second.violations), second.next, second.newest)


def both(first: Sequence[Violation], second: Sequence[Violation]) -> tuple[Violation, ...]:
    """Return those of ``second`` that ``first`` had too: the same law for the same thing."""
    before = {key(violation) for violation in first}
    return tuple(violation for violation in second if key(violation) in before)


def key(violation: Violation) -> tuple[str, str, str]:
    """Return what a violation is, without what is told of it."""
    return (violation.law, violation.namespace, violation.subject)
