"""The rows of streams: what is counted of each as facts come."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Row, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import rows_where
from dsm.manager.streams import Stream
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


async def end_streams(work: Work, ends: Mapping[StreamKey, int | None]) -> None:
    """Store that streams have ended, with the count that they gave, if they gave one."""
    await ensure_streams(work, ends)
    await work.connection.execute(
        update(tables.stream)
        .where(_C.run_id == bindparam("the_run"), _C.stream == bindparam("the_stream"))
        .values(ended=True, total=func.coalesce(bindparam("the_total"), _C.total)),
        [{"the_run": r, "the_stream": s, "the_total": n} for (r, s), n in ends.items()],
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
    runs = tables.run.c
    query = select(runs.dataset_id, runs.id, runs.run, *_STREAM).outerjoin(
        tables.stream, _C.run_id == runs.id
    )
    found: dict[int, dict[int, list[Row[Any]]]] = defaultdict(lambda: defaultdict(list))
    rows = rows_where(connection, query.order_by(runs.id), runs.dataset_id, dataset_ids)
    async for row in rows:
        found[row.dataset_id][row.id].append(row)
    return {
        dataset_id: [_run_of(of_run) for of_run in by_run.values()]
        for dataset_id, by_run in found.items()
    }


_STREAM = (_C.stream, _C.stfs, _C.unannounced, _C.named, _C.ended, _C.total)


def _run_of(rows: list[Row[Any]]) -> RunStreams:
    """Return a run of its rows, one a stream; one without streams has a single empty row."""
    streams = (
        Stream(row.stream, row.stfs, row.unannounced, row.named, row.ended, row.total)
        for row in rows
        if row.stream is not None
    )
    return RunStreams(rows[0].id, rows[0].run, tuple(streams))
