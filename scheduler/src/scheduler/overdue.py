"""Alarms on datasets whose time to close has come, and that a rule leaves to an operator."""

from collections.abc import Sequence

from penstock_core.clients import DataAccessClient
from penstock_core.closing import Close
from penstock_core.contracts.closing import Evidence
from penstock_core.contracts.workflow import AlarmKey, NewAlarm

KIND = "waits_for_operator"


def alarm_on(evidence: Evidence, close: Close, kind: str = KIND) -> NewAlarm:
    """Return the alarm that tells why a dataset closes, or would."""
    return NewAlarm(
        kind=kind,
        namespace=evidence.namespace,
        subject=evidence.name,
        text=close.because[:4096],
    )


class Overdue:
    """Raises each such alarm once, and clears it when its dataset no longer waits."""

    def __init__(self, data_access: DataAccessClient) -> None:
        self._data_access = data_access
        self._raised: set[AlarmKey] | None = None

    async def tell(self, overdue: Sequence[NewAlarm]) -> None:
        """Have exactly these alarms raised."""
        if self._raised is None:
            self._raised = await self._read()
        wanted = {key_of(alarm): alarm for alarm in overdue}
        new = [alarm for key, alarm in wanted.items() if key not in self._raised]
        if new:
            await self._data_access.raise_alarms(new)
            self._raised |= {key_of(alarm) for alarm in new}
        over = self._raised - wanted.keys()
        if over:
            await self._data_access.clear_alarms(sorted(over, key=lambda key: key.subject))
            self._raised -= over

    async def _read(self) -> set[AlarmKey]:
        found: set[AlarmKey] = set()
        after: int | None = 0
        while after is not None:
            page = await self._data_access.alarms(kind=KIND, after=after)
            found |= {key_of(alarm) for alarm in page.items}
            after = page.next
        return found


def key_of(alarm: AlarmKey) -> AlarmKey:
    """Return what an alarm is about, without what it says."""
    return AlarmKey(kind=alarm.kind, namespace=alarm.namespace, subject=alarm.subject)
