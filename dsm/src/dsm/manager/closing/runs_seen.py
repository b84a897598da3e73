"""The runs that fill datasets as closing sees them, and which started after them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import rows_where
from penstock_core.contracts.closing import LaterRun, RunSeen

_R, _S = tables.run.c, tables.stream.c


async def runs_seen(
    connection: AsyncConnection, dataset_ids: Iterable[int]
) -> dict[int, tuple[RunSeen, ...]]:
    """Return the runs of these datasets, by the number of the dataset."""
    query = (
        select(_R.dataset_id, _R.id, _R.run, _R.state, _R.heard_at, _S.stream, _S.ended)
        .outerjoin(tables.stream, _S.run_id == _R.id)
        .order_by(_R.id, _S.stream)
    )
    found: dict[int, dict[int, list[Row[Any]]]] = defaultdict(lambda: defaultdict(list))
    async for row in rows_where(connection, query, _R.dataset_id, dataset_ids):
        found[row.dataset_id][row.id].append(row)
    return {
        dataset_id: tuple(_run(rows) for rows in by_run.values())
        for dataset_id, by_run in found.items()
    }


def _run(rows: list[Row[Any]]) -> RunSeen:
    """Return a run of its rows, one for each stream."""
    going = tuple(row.stream for row in rows if row.ended is False)
    if not any(row.ended for row in rows):
        going = ()
    first = rows[0]
    return RunSeen(run=first.run, state=first.state, heard_at=first.heard_at, going=going)


async def later_runs(
    connection: AsyncConnection, dataset_ids: Iterable[int]
) -> dict[int, LaterRun]:
    """Return by dataset the first run that started after all of its own, in their namespace.

    Runs are ordered by the DAQ's clock. One that has not started may still be ahead of those
    that were heard of before it: after it come only such as were heard of later.
    """
    told_at = func.coalesce(_R.started_at, func.nullif(_R.state_at, ""))
    own = (
        select(
            _R.dataset_id,
            _R.namespace,
            func.max(told_at).label("told_at"),
            func.max(_R.started_at).label("started_at"),
            func.max(_R.id).label("newest"),
        )
        .where(_R.dataset_id.in_(list(dataset_ids)))
        .group_by(_R.dataset_id, _R.namespace)
        .subquery()
    )
    other, later = tables.run.alias("other"), tables.run.alias("later")
    first = (
        select(other.c.id)
        .where(other.c.namespace == own.c.namespace, other.c.started_at > own.c.told_at)
        .where(other.c.dataset_id != own.c.dataset_id)
        .where(or_(own.c.started_at.is_not(None), other.c.id > own.c.newest))
        .order_by(other.c.started_at)
        .limit(1)
        .correlate(own)
        .scalar_subquery()
    )
    query = (
        select(own.c.dataset_id, later.c.run, later.c.start_heard_at)
        .select_from(own)
        .join(later, later.c.id == first)
    )
    return {
        row.dataset_id: LaterRun(run=row.run, heard_at=row.start_heard_at)
        for row in await connection.execute(query)
    }
