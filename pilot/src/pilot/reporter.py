"""Reports on tasks whose counts changed: not too often while they run, at once when they end."""

import asyncio
import time
from collections.abc import Callable

from sqlalchemy import and_, exists, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.bus import Bus, Message
from penstock_core.contracts.workflow import TaskReport
from penstock_core.errors import BusUnavailable, NotFound
from penstock_core.states import FINAL_JOBS, FINAL_TASKS
from penstock_core.store import Store
from pilot import reports
from pilot.tables import job, task

EXCHANGE = "wms.event"
BATCH = 200


class Reporter:
    """Appends task reports and tells the house that there is something new in the log.

    Parameters
    ----------
    pause_s
        The shortest time between two reports of one task that goes on, in seconds.
    look_again
        Called when a report was put off.
    """

    def __init__(
        self, store: Store, bus: Bus, pause_s: float, look_again: Callable[[], None]
    ) -> None:
        self._store = store
        self._bus = bus
        self._pause_s = pause_s
        self._look_again = look_again
        self._last: dict[int, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def report(self) -> bool:
        """Report what changed; return whether there may be more. A reconciler's work."""
        async with self._store.read() as connection:
            changed = await _changed(connection)
        due = [task_id for task_id, ended in changed if ended or self._is_due(task_id)]
        batch = due[:BATCH]
        if batch:
            async with self._store.write() as connection:
                told = [await _report(connection, task_id) for task_id in batch]
            self._remember(dict(zip(batch, told, strict=True)))
            await self._announce(told)
        if len(due) < len(changed) and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause_s, self._wake)
        return len(due) > len(batch)

    def _wake(self) -> None:
        self._timer = None
        self._look_again()

    def _is_due(self, task_id: int) -> bool:
        last = self._last.get(task_id)
        return last is None or time.monotonic() >= last + self._pause_s

    def _remember(self, told: dict[int, TaskReport]) -> None:
        for task_id, counts in told.items():
            if counts.status in FINAL_TASKS:
                self._last.pop(task_id, None)
            else:
                self._last[task_id] = time.monotonic()

    async def _announce(self, told: list[TaskReport]) -> None:
        """Publish hints; the log is complete without them, so a lost bus costs time alone."""
        hints = [
            Message.of_json(EXCHANGE, "task.status", {"task_id": r.task_id, "status": r.status})
            for r in told
        ]
        try:
            await self._bus.publish(hints)
        except (BusUnavailable, NotFound):
            return


async def _changed(connection: AsyncConnection) -> list[tuple[int, bool]]:
    """Return the tasks that changed, each with whether it has ended."""
    goes_on = exists().where(job.c.task_id == task.c.id, job.c.state.not_in(FINAL_JOBS))
    ended = and_(task.c.complete, not_(goes_on))
    query = select(task.c.id, ended).where(task.c.changed).order_by(task.c.id)
    return [(task_id, bool(over)) for task_id, over in await connection.execute(query)]


async def _report(connection: AsyncConnection, task_id: int) -> TaskReport:
    row = (await connection.execute(select(task).where(task.c.id == task_id))).one()
    return await reports.add_task(connection, row)
