"""Streams of STFs: who numbers them, who has ended, and when a run's dataset is all announced.

Several streams of a run may number their STFs in parallel. The end of a run is known when each of
them has ended, or when somebody who sends no STFs has ended the whole.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from dsm.manager import tables
from dsm.manager.closing import announce_end
from dsm.manager.reading import rows_where
from dsm.manager.runs import run_datasets
from dsm.manager.work import Work
from penstock_core.states import DatasetState


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """What is known of a stream: how many STFs it announced, whether it ended, on what count."""

    stfs: int
    ended: bool
    total: int | None


def announced_files(streams: Iterable[StreamEnd]) -> int | None:
    """Return how many files a run has in all, or None while its end is not known.

    >>> announced_files([StreamEnd(5, True, None), StreamEnd(7, True, 8)])
    13
    >>> announced_files([StreamEnd(5, False, None), StreamEnd(0, True, 6)])
    6
    """
    known = list(streams)
    sending = [s for s in known if s.stfs]
    of_the_whole = [s for s in known if s.ended and not s.stfs]
    if of_the_whole:
        totals = [s.total for s in of_the_whole if s.total is not None]
        return max(totals) if totals else sum(s.stfs for s in sending)
    if not sending or not all(s.ended for s in sending):
        return None
    return sum(s.stfs if s.total is None else s.total for s in sending)


async def add_to_streams(work: Work, counts: dict[tuple[int, str], int]) -> None:
    """Add to the numbers of STFs that streams, (run's number, name), have announced."""
    await _ensure_streams(work, counts)
    columns = tables.stream.c
    await work.connection.execute(
        update(tables.stream)
        .where(columns.run_id == bindparam("the_run"), columns.stream == bindparam("the_stream"))
        .values(stfs=columns.stfs + bindparam("more")),
        [{"the_run": r, "the_stream": s, "more": n} for (r, s), n in counts.items()],
    )


async def end_streams(work: Work, ends: dict[tuple[int, str], int | None]) -> None:
    """Store that streams have ended, with the count that they gave, if they gave one."""
    await _ensure_streams(work, ends)
    columns = tables.stream.c
    await work.connection.execute(
        update(tables.stream)
        .where(columns.run_id == bindparam("the_run"), columns.stream == bindparam("the_stream"))
        .values(ended=True, total=func.coalesce(bindparam("the_total"), columns.total)),
        [{"the_run": r, "the_stream": s, "the_total": n} for (r, s), n in ends.items()],
    )


async def _ensure_streams(work: Work, keys: Iterable[tuple[int, str]]) -> None:
    columns = tables.stream.c
    wanted = list(keys)
    rows = rows_where(
        work.connection, select(tables.stream), columns.run_id, [r for r, _ in wanted]
    )
    there = {(row.run_id, row.stream) async for row in rows}
    new = [
        {"run_id": r, "stream": s, "stfs": 0, "ended": False}
        for r, s in wanted
        if (r, s) not in there
    ]
    if new:
        await work.connection.execute(insert(tables.stream), new)


async def announce_runs(work: Work, runs: Iterable[Row[Any]]) -> None:
    """Announce the ends of the datasets of these runs, where known, at the count known now.

    Runs may share a dataset: it ends when all of them have.
    """
    datasets = await run_datasets(work, runs)
    open_ones = [row.id for row in datasets.values() if row.state == DatasetState.OPEN]
    for dataset_id, streams in (await _streams(work, open_ones)).items():
        by_run: dict[int, list[StreamEnd]] = defaultdict(list)
        for s in streams:
            by_run[s.id].append(StreamEnd(s.stfs or 0, bool(s.ended), s.total))
        counts = [announced_files(ends) for ends in by_run.values()]
        known = [count for count in counts if count is not None]
        if len(known) == len(counts):
            enders = sorted({s.stream or "daq" for s in streams if s.ended})
            dataset = datasets[dataset_id]
            # Where nobody gave a total, what is here without an stf_gen counts as well.
            least = 0 if any(s.total is not None for s in streams) else dataset.files
            count = max(sum(known), least)
            await announce_end(work, dataset, count, ", ".join(enders)[:512])


async def _streams(work: Work, dataset_ids: Iterable[int]) -> dict[int, list[Row[Any]]]:
    """Return by dataset the streams of its runs; a run without any has one empty row."""
    runs, streams = tables.run.c, tables.stream.c
    query = select(
        runs.dataset_id, runs.id, streams.stream, streams.stfs, streams.ended, streams.total
    ).outerjoin(tables.stream, streams.run_id == runs.id)
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    async for row in rows_where(work.connection, query, runs.dataset_id, dataset_ids):
        found[row.dataset_id].append(row)
    return found
