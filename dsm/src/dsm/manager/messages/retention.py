"""The journal is bounded, by age and by number: its oldest entries are dropped, and told so."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from dsm.manager import tables
from dsm.manager.messages.journal import PRUNED
from dsm.manager.work import Work, begin_work
from penstock_core.clock import parse_time
from penstock_core.store import Store

BATCH = 5000
_C = tables.journal.c


@dataclass(frozen=True, slots=True)
class Retention:
    """Drops what is older than ``days``, or beyond the newest ``rows``; a reconciler's work."""

    store: Store
    days: float
    rows: int

    async def prune(self) -> bool:
        """Drop a batch of entries; return whether there may be more."""
        async with begin_work(self.store) as work:
            dropped = await prune(work, self.days, self.rows, BATCH)
        return dropped == BATCH


async def prune(work: Work, days: float, rows: int, most: int) -> int:
    """Drop up to ``most`` entries that are too old or too many; return how many.

    Numbers that were never used count as entries, so fewer than ``rows`` may be kept. The newest
    one stays whatever its age: no number is given twice.
    """
    newest = await work.connection.scalar(select(func.max(_C.id))) or 0
    before = parse_time(work.at) - timedelta(days=days)
    limit = before.isoformat(timespec="microseconds")
    query = select(_C.id, _C.received_at).where(_C.id < newest).order_by(_C.id).limit(most)
    oldest = (await work.connection.execute(query)).all()
    gone = [row.id for row in oldest if row.received_at < limit or row.id <= newest - rows]
    if gone:
        await work.connection.execute(delete(tables.journal).where(_C.id <= gone[-1]))
        dropped_to = await tables.event_log.cursor(work.connection, PRUNED)
        await tables.event_log.move(work.connection, PRUNED, dropped_to, gone[-1])
    return len(gone)
