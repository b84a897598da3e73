"""Since when all that is sent is heard without a break: silence before that says nothing.

The register tells every few seconds whether it keeps up with its queues. Where it says that it
does not, or says nothing for ``LOST_AFTER``, nobody has listened, and datasets that close by time
are given theirs anew. So does each start of the manager, for with it the door for messages over
REST was closed. It stands in the store, for the replica that is told is not the one that is asked.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager.tables import listening
from dsm.manager.work import Work
from penstock_core.clock import now, parse_time

LOST_AFTER = timedelta(seconds=10)


async def note_pulse(work: Work, *, keeps_up: bool) -> None:
    """Store that the register lives, and that nobody listened until now unless it ``keeps_up``."""
    heard_at = (await work.connection.execute(select(listening.c.heard_at))).scalar_one()
    values = {"heard_at": work.at}
    if not keeps_up or _is_lost(heard_at, parse_time(work.at)):
        values["since"] = work.at
    await work.connection.execute(update(listening).values(values))


async def listening_since(connection: AsyncConnection) -> datetime:
    """Return since when somebody listens; where nobody does, that is now."""
    row = (await connection.execute(select(listening.c.since, listening.c.heard_at))).one()
    moment = now()
    return moment if _is_lost(row.heard_at, moment) else parse_time(row.since)


def _is_lost(heard_at: str, moment: datetime) -> bool:
    return not heard_at or moment - parse_time(heard_at) > LOST_AFTER
