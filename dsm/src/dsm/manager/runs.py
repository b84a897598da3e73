"""Runs of the DAQ: folded from facts that come in any order, any number of times.

Whatever names a run makes it, and its dataset. The state of a run is that of its latest fact, in
the order of the DAQ's own clock; one that has ended stays so. Several streams may number their
STFs in parallel: a run's end is known when each of them has ended, or when somebody who sends
no STFs has ended the whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from dsm.manager import tables
from dsm.manager.closing import announce_end
from dsm.manager.datasets import ensure_datasets, merge_metadata, uid_of
from dsm.manager.reading import rows_where
from dsm.manager.work import Work
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import NewDataset
from penstock_core.states import DatasetState, RunState

SCOPE = "group.daq"
RunKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """What one message says of its run: which it is, and perhaps its dataset and conditions."""

    namespace: str
    run: str
    dataset: str = ""
    metadata: Json | None = None

    @property
    def key(self) -> RunKey:
        return self.namespace, self.run


@dataclass(frozen=True, slots=True)
class Move:
    """A fact about the state of a run, with the DAQ's own time of it (ISO 8601, UTC)."""

    key: RunKey
    state: RunState
    at: str
    tick: float


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


async def ensure_runs(work: Work, named: Sequence[Named]) -> dict[RunKey, Row[Any]]:
    """Return the rows of the runs that messages name, made with their datasets where unknown."""
    found = await run_rows(work, {n.key for n in named})
    missing: dict[RunKey, NewDataset] = {}
    for n in sorted(named, key=lambda n: not n.dataset):
        if n.key not in found:
            missing.setdefault(n.key, _dataset(n))
    if missing:
        await _insert(work, missing)
        found |= await run_rows(work, missing)
    await _add_metadata(work, named, found)
    return found


async def run_rows(work: Work, keys: Iterable[RunKey]) -> dict[RunKey, Row[Any]]:
    """Return the rows of those of these runs that there are."""
    by_namespace: dict[str, list[str]] = defaultdict(list)
    for namespace, run in keys:
        by_namespace[namespace].append(run)
    found = {}
    for namespace, runs in by_namespace.items():
        query = select(tables.run).where(tables.run.c.namespace == namespace)
        async for row in rows_where(work.connection, query, tables.run.c.run, runs):
            found[row.namespace, row.run] = row
    return found


def _dataset(named: Named) -> NewDataset:
    return NewDataset(
        name=named.dataset or f"swf.{named.run}.run",
        namespace=named.namespace,
        scope=SCOPE,
        metadata={"run": int(named.run) if named.run.isdecimal() else named.run},
        producer="daq",
    )


async def _insert(work: Work, missing: dict[RunKey, NewDataset]) -> None:
    datasets = await ensure_datasets(work, list(missing.values()))
    first = await work.number(tables.run)
    rows = [
        {
            "id": first + n,
            "namespace": key[0],
            "run": key[1],
            "dataset_id": datasets[uid_of(new)].id,
            "state": RunState.IMMINENT,
            "state_at": "",
            "state_tick": -1,
            "conditions": {},
        }
        for n, (key, new) in enumerate(missing.items())
    ]
    await work.connection.execute(insert(tables.run), rows)


async def _add_metadata(work: Work, named: Sequence[Named], runs: dict[RunKey, Row[Any]]) -> None:
    told: dict[RunKey, Json] = {}
    for n in named:
        if n.metadata:
            told[n.key] = n.metadata | told.get(n.key, {})
    datasets = await run_datasets(work, [runs[key] for key in told])
    for key, metadata in told.items():
        row = runs[key]
        conditions = metadata | row.conditions
        if conditions != row.conditions:
            await _update(work, row, conditions=conditions)
            await merge_metadata(work, datasets[row.dataset_id], metadata)


async def run_datasets(work: Work, runs: Iterable[Row[Any]]) -> dict[int, Row[Any]]:
    """Return the rows of the datasets of these runs, by their number."""
    query = select(tables.dataset)
    ids = [row.dataset_id for row in runs]
    rows = rows_where(work.connection, query, tables.dataset.c.id, ids)
    return {row.id: row async for row in rows}


async def move_runs(work: Work, moves: Sequence[Move]) -> None:
    """Fold facts about the state of runs that are there; the order of telling does not matter."""
    runs = await run_rows(work, {move.key for move in moves})
    for key, row in runs.items():
        values = _folded(row, [move for move in moves if move.key == key])
        await _update(work, row, **values)


def _folded(row: Row[Any], moves: Iterable[Move]) -> Json:
    order = [(row.state == RunState.ENDED, row.state_at, row.state_tick, row.state)]
    order += [(m.state == RunState.ENDED, m.at, m.tick, str(m.state)) for m in moves]
    _, at, tick, state = max(order)
    starts = [m.at for m in moves if m.state == RunState.RUNNING] + [row.started_at]
    ends = [m.at for m in moves if m.state == RunState.ENDED] + [row.ended_at]
    return {
        "state": state,
        "state_at": at,
        "state_tick": tick,
        "started_at": min((t for t in starts if t), default=None),
        "ended_at": max((t for t in ends if t), default=None),
    }


async def _update(work: Work, row: Row[Any], **values: Any) -> None:
    here = tables.run.c.id == row.id
    await work.connection.execute(update(tables.run).where(here).values(**values))


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
            await announce_end(work, datasets[dataset_id], sum(known), ", ".join(enders)[:512])


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
