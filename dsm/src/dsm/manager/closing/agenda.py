"""When the closing of each open dataset is to be looked at: what nothing is due on is left alone.

A look costs by what is due, however many datasets are open. Whatever changes a dataset puts it
back to *at once* in the same transaction. What runs of the DAQ fill is always looked at: it
depends on other runs as well, and few of them are open.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, not_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.work import Work
from penstock_core.clock import now, parse_time
from penstock_core.contracts.closing import Deferral

_D = tables.dataset.c
_MAY_CLOSE = text(tables.MAY_CLOSE)
_BY_RUNS = _D.of_run & (_D.series == "")
NEVER = "9999-12-31T00:00:00.000000+00:00"
"""Stands for: only once something changes."""


def is_due() -> ColumnElement[bool]:
    """Return the condition on what is to be looked at now."""
    return and_(_MAY_CLOSE, _D.look_at <= _stored(now()))


async def next_look(connection: AsyncConnection) -> datetime | None:
    """Return when the first of those that are not due is to be looked at; None for never."""
    query = select(func.min(_D.look_at)).where(_MAY_CLOSE, _D.look_at > _stored(now()))
    found = await connection.scalar(query)
    return None if found in (None, NEVER) else parse_time(found)


async def defer(work: Work, deferrals: Sequence[Deferral]) -> None:
    """Leave these alone until their time comes, if they still are as they were looked at."""
    change = (
        update(tables.dataset)
        .where(_D.uid == bindparam("seen"), _D.revision == bindparam("then"), not_(_BY_RUNS))
        .values(look_at=bindparam("until"))
    )
    rows = [
        {"seen": d.uid, "then": d.revision, "until": _stored(d.until) if d.until else NEVER}
        for d in deferrals
    ]
    if rows:
        await work.connection.execute(change, rows)


async def look_anew(work: Work) -> None:
    """Have all that may close looked at again; what was decided of it before is stale."""
    change = update(tables.dataset).where(_MAY_CLOSE)
    await work.connection.execute(change.values(look_at="", revision=_D.revision + 1))


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
