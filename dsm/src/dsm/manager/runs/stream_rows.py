"""The rows of streams: what is counted of each as facts come."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Row, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import rows_where
from dsm.manager.runs.streams import Stream
from dsm.manager.work import Work

StreamKey = tuple[int, str]
"""A run's number and the name of a stream."""

_C = tables.stream.c


@dataclass(slots=True)
class News:
    """What a stream's row is to gain."""

    stfs: int = 0
    unannounced: int = 0
    named: bool = False


@dataclass(frozen=True, slots=True)
class RunStreams:
    """A run that fills a dataset, with its streams."""

    id: int
    run: str
    streams: tuple[Stream, ...]


async def add_to_streams(work: Work, news: Mapping[StreamKey, News]) -> None:
    """Add to what is known of streams, made where they were not there."""
    if not news:
        return
    await ensure_streams(work, news)
    rows = [
        {
            "the_run": run_id,
            "the_stream": stream,
            "more_stfs": new.stfs,
            "more_unannounced": new.unannounced,
            "is_named": new.named,
        }
        for (run_id, stream), new in news.items()
    ]
    named = bindparam("is_named", type_=Boolean)
    await work.connection.execute(
        update(tables.stream)
        .where(_C.run_id == bindparam("the_run"), _C.stream == bindparam("the_stream"))
        .values(
            stfs=_C.stfs + bindparam("more_stfs"),
            unannounced=_C.unannounced + bindparam("more_unannounced"),
            named=or_(_C.named, named),
        ),
        rows,
    )


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The end of a stream, on the count that was told last; ``named`` as in ``Stream``."""

    total: int | None
    named: bool


async def end_streams(work: Work, ends: Mapping[StreamKey, StreamEnd]) -> None:
    """Store how streams have ended."""
    if not ends:
        return
    await ensure_streams(work, ends)
    rows = [
        {"the_run": r, "the_stream": s, "the_total": end.total, "is_named": end.named}
        for (r, s), end in ends.items()
    ]
    named = or_(_C.named, bindparam("is_named", type_=Boolean))
    await work.connection.execute(
        update(tables.stream)
        .where(_C.run_id == bindparam("the_run"), _C.stream == bindparam("the_stream"))
        .values(ended=True, total=bindparam("the_total"), named=named),
        rows,
    )


async def ensure_streams(work: Work, keys: Iterable[StreamKey]) -> None:
    """Make the rows of those of these streams that have none."""
    wanted = list(dict.fromkeys(keys))
    query = select(_C.run_id, _C.stream)
    rows = rows_where(work.connection, query, _C.run_id, [run_id for run_id, _ in wanted])
    there = {(row.run_id, row.stream) async for row in rows}
    new = [
        {
            "run_id": run_id,
            "stream": stream,
            "stfs": 0,
            "unannounced": 0,
            "named": False,
            "ended": False,
        }
        for run_id, stream in wanted
        if (run_id, stream) not in there
    ]
    if new:
        await work.connection.execute(insert(tables.stream), new)


async def runs_of_datasets(
    connection: AsyncConnection, dataset_ids: Iterable[int]
) -> dict[int, list[RunStreams]]:
    """Return by dataset the runs that fill it, with their streams."""
    found: dict[int, list[RunStreams]] = defaultdict(list)
    for rows in await _grouped(connection, tables.run.c.dataset_id, dataset_ids):
        found[rows[0].dataset_id].append(_run_of(rows))
    return found


async def streams_of_runs(
    connection: AsyncConnection, run_ids: Iterable[int]
) -> dict[int, tuple[Stream, ...]]:
    """Return the streams of these runs, by run."""
    runs = await _grouped(connection, tables.run.c.id, run_ids)
    return {rows[0].id: _run_of(rows).streams for rows in runs}


async def _grouped(
    connection: AsyncConnection, column: Column[Any], values: Iterable[int]
) -> list[list[Row[Any]]]:
    """Return the rows of runs whose ``column`` is among ``values``, a list a run, oldest first."""
    runs = tables.run.c
    columns = (_C.stream, _C.stfs, _C.unannounced, _C.named, _C.ended, _C.total)
    query = select(runs.dataset_id, runs.id, runs.run, *columns).outerjoin(
        tables.stream, _C.run_id == runs.id
    )
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    async for row in rows_where(connection, query.order_by(runs.id), column, values):
        found[row.id].append(row)
    return list(found.values())


def _run_of(rows: list[Row[Any]]) -> RunStreams:
    """Return a run of its rows, one a stream; one without streams has a single empty row."""
    streams = (
        Stream(row.stream, row.stfs, row.unannounced, row.named, row.ended, row.total)
        for row in rows
        if row.stream is not None
    )
    return RunStreams(rows[0].id, rows[0].run, tuple(streams))
