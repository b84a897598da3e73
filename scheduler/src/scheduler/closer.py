"""The closing loop: look at what may close, decide, close what has not changed since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from penstock_core.activity import worked
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clock import now
from penstock_core.closing import Close, Wait, decide_close
from penstock_core.contracts.base import Json
from penstock_core.contracts.closing import Deferral, Evidence
from penstock_core.contracts.dsm import CloseRequest
from penstock_core.contracts.workflow import NewAlarm
from penstock_core.metrics import CLOSED_S
from scheduler.overdue import Overdue, alarm_on, key_of

NO_END = "no_end_run"


@dataclass
class Looked:
    """What one look over all that may close has come to."""

    silent: list[tuple[Evidence, Close]] = field(default_factory=list)
    overdue: list[NewAlarm] = field(default_factory=list)
    forecast: datetime | None = None
    stale: bool = False

    def until(self, moment: datetime | None) -> None:
        """Note that something will be due at ``moment``; None: nothing by the clock."""
        if moment is not None and (self.forecast is None or moment < self.forecast):
            self.forecast = moment


class Closer:
    """Closes datasets whose time has come; any number of replicas may do so at once.

    A close names the revision that was looked at, so of two one is told ``already``, and one
    that raced with a file is told ``stale`` and looks again.

    Parameters
    ----------
    wake_at
        Told after each look when the next dataset will close, if nothing comes; None: none will.
    """

    def __init__(
        self,
        dsm: DsmClient,
        data_access: DataAccessClient,
        wake_at: Callable[[datetime | None], None],
    ) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._overdue = Overdue(data_access)
        self._wake_at = wake_at

    async def close(self) -> bool:
        """Close what is due; return whether something changed while we looked.

        Those that need an alarm come last: while it cannot be raised the others close.
        """
        looked = Looked()
        after: int | None = 0
        while after is not None:
            page = await self._dsm.closing(after)
            await self._decide(page.items, looked)
            looked.until(page.look_at)
            after = page.next
        self._wake_at(looked.forecast)
        await self._close_silent(looked)
        await self._overdue.tell(looked.overdue)
        return looked.stale

    async def _decide(self, seen: Sequence[Evidence], looked: Looked) -> None:
        moment = now()
        due: list[tuple[Evidence, Close]] = []
        idle: list[Deferral] = []
        for evidence in seen:
            decision = decide_close(evidence, moment)
            if isinstance(decision, Wait) and decision.overdue is not None:
                looked.overdue.append(alarm_on(evidence, decision.overdue))
            elif isinstance(decision, Wait):
                looked.until(decision.at or decision.held_at)
                idle.append(defer(evidence, decision))
            elif decision.rule == NO_END:
                looked.silent.append((evidence, decision))
            else:
                due.append((evidence, decision))
        await self._close(due, looked)
        if idle:
            await self._dsm.defer_closing(idle)

    async def _close(self, due: Sequence[tuple[Evidence, Close]], looked: Looked) -> list[Evidence]:
        """Close these; return those that changed meanwhile."""
        if not due:
            return []
        results = await self._dsm.close_datasets([close_request(*each) for each in due])
        _measure([e for (e, _), r in zip(due, results, strict=True) if r.outcome == "closed"])
        stale = [e for (e, _), r in zip(due, results, strict=True) if r.outcome == "stale"]
        looked.stale |= bool(stale)
        return stale

    async def _close_silent(self, looked: Looked) -> None:
        """Close runs whose end nobody told, each with an alarm.

        It is raised first, that none is lost on the way, and cleared where it was not so.
        """
        if not looked.silent:
            return
        alarms = {e.uid: alarm_on(e, close, kind=NO_END) for e, close in looked.silent}
        await self._data_access.raise_alarms(list(alarms.values()))
        stale = await self._close(looked.silent, looked)
        if stale:
            await self._data_access.clear_alarms([key_of(alarms[e.uid]) for e in stale])


def _measure(closed: Sequence[Evidence]) -> None:
    """Observe how long after its last file each dataset was closed."""
    moment = now()
    if closed:
        worked("scheduler")
    for evidence in closed:
        if evidence.last_file_at is not None:
            CLOSED_S.observe((moment - evidence.last_file_at).total_seconds())


def defer(evidence: Evidence, decision: Wait) -> Deferral:
    """Return the request to look at this again when its time comes, unless it changes before."""
    due_at = decision.at or decision.held_at
    return Deferral(uid=evidence.uid, revision=evidence.revision, until=due_at)


def close_request(evidence: Evidence, decision: Close) -> CloseRequest:
    """Return the request that carries ``decision`` out, if the dataset still is as it was seen."""
    seen: Json = evidence.model_dump(
        mode="json",
        exclude={"uid", "namespace", "name", "logical", "kind", "series", "revision"},
        exclude_defaults=True,
    )
    return CloseRequest(
        uid=evidence.uid,
        revision=evidence.revision,
        rule=decision.rule,
        because=decision.because,
        evidence=seen,
        incomplete=decision.incomplete,
    )
