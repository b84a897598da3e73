"""Which STFs of a run's dataset are missing, named as people name them.

An STF is missing that was announced and is not there, or whose number lies in a gap of its
sequence. Told totals say how many are missing in all; those that cannot be named are counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, false, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import rows_where
from dsm.manager.runs.sequences import Hole, Numbering, Senders, holes, numberings
from dsm.manager.runs.stream_rows import RunStreams, runs_of_datasets
from dsm.manager.runs.streams import sender_names

NAMED = 100
"""How many of a run's missing STFs are named."""

_S = tables.stf.c


@dataclass(frozen=True, slots=True)
class Missing:
    """The missing STFs of one dataset.

    Attributes
    ----------
    names
        The first of them, in their order: ``STF 57``, ``STF 57 of daq2`` where several streams
        send, the file's name where it has no number.
    named
        How many could be named, though they be more than ``names`` holds.
    unnamed
        How many more there are by the total that was told.
    """

    names: tuple[str, ...] = ()
    named: int = 0
    unnamed: int = 0

    @property
    def count(self) -> int:
        """Return how many are missing in all."""
        return self.named + self.unnamed


@dataclass(frozen=True, slots=True)
class _Lost:
    """One missing STF."""

    run_id: int
    sequence: int | None
    stream: str
    filename: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store says about the missing STFs of some runs, by run."""

    waiting: Mapping[int, int]
    numberings: Mapping[int, tuple[Numbering, ...]]
    lost: Mapping[int, Sequence[_Lost]]
    in_gaps: Mapping[int, Sequence[_Lost]]


async def missing_stfs(
    connection: AsyncConnection, datasets: Iterable[Row[Any]]
) -> dict[int, Missing]:
    """Return what is missing of these datasets of runs, by their number; only where something is.

    ``datasets`` are rows with ``id``, ``files`` and ``announced``. Where no end is announced,
    all that is known of so far counts.
    """
    asked = {
        row.id: None if row.announced is None else row.announced - row.files
        for row in datasets
        if row.announced is None or row.announced > row.files
    }
    runs = await runs_of_datasets(connection, asked)
    found = await _look(connection, [run for of_dataset in runs.values() for run in of_dataset])
    told = {
        number: _missing(of_dataset, asked[number], found) for number, of_dataset in runs.items()
    }
    return {number: missing for number, missing in told.items() if missing.count}


async def _look(connection: AsyncConnection, runs: Sequence[RunStreams]) -> _Found:
    senders = sender_names({run.id: run.streams for run in runs})
    waiting = await _waiting(connection, senders)
    numbers = await numberings(connection, senders) if senders else {}
    gapped = {run_id for run_id, of_run in numbers.items() if any(n.gaps for n in of_run)}
    inner = await _inner(connection, {r: n for r, n in senders.items() if r in gapped})
    in_gaps = {run.id: inner[run.id] + _tails(run, numbers.get(run.id, ())) for run in runs}
    return _Found(waiting, numbers, await _lost(connection, waiting), in_gaps)


async def _waiting(connection: AsyncConnection, run_ids: Iterable[int]) -> dict[int, int]:
    """Return how many STFs of these runs were announced and are not here."""
    query = select(_S.run_id, func.count().label("stfs")).where(_S.registered == false())
    rows = rows_where(connection, query.group_by(_S.run_id), _S.run_id, run_ids)
    return {row.run_id: row.stfs async for row in rows}


async def _lost(connection: AsyncConnection, run_ids: Iterable[int]) -> dict[int, list[_Lost]]:
    """Return the first of those STFs."""
    place = func.row_number().over(partition_by=_S.run_id, order_by=(_S.sequence, _S.filename))
    columns = (_S.run_id, _S.sequence, _S.stream, _S.filename)
    numbered = select(*columns, place.label("place")).where(_S.registered == false()).subquery()
    query = select(numbered).where(numbered.c.place <= NAMED)
    found: dict[int, list[_Lost]] = defaultdict(list)
    async for row in rows_where(connection, query, numbered.c.run_id, run_ids):
        found[row.run_id].append(_Lost(row.run_id, row.sequence, row.stream, row.filename))
    return found


async def _inner(connection: AsyncConnection, senders: Senders) -> dict[int, list[_Lost]]:
    """Return the first numbers that lie in the gaps of these runs."""
    found: dict[int, list[_Lost]] = defaultdict(list)
    for hole in await holes(connection, senders, NAMED) if senders else []:
        room = NAMED - len(found[hole.run_id])
        found[hole.run_id] += _in_hole(hole, room)
    return found


def _in_hole(hole: Hole, most: int) -> Iterator[_Lost]:
    for sequence in range(hole.first, min(hole.last + 1, hole.first + most)):
        yield _Lost(hole.run_id, sequence, hole.stream)


def _tails(run: RunStreams, numbers: Sequence[Numbering]) -> list[_Lost]:
    """Return the numbers above the highest that a told total asks for."""
    totals = _totals(run)
    return [
        _Lost(run.id, sequence, n.stream or "")
        for n in numbers
        for sequence in n.tail(totals.get(n.stream))[:NAMED]
    ]


def _totals(run: RunStreams) -> dict[str | None, int | None]:
    """Return the totals of a run's streams; the only one that sends has that of the run."""
    totals: dict[str | None, int | None] = {s.name: s.total for s in run.streams if s.ended}
    names = sender_names({run.id: run.streams}).get(run.id, [])
    if len(names) == 1 and totals.get(names[0]) is None:
        told = [total for total in totals.values() if total is not None]
        totals[names[0]] = max(told, default=None)
    return totals


def _missing(runs: Sequence[RunStreams], lacking: int | None, found: _Found) -> Missing:
    """Return what is missing of one dataset; ``lacking`` is how many, where that is told."""
    waiting = sum(found.waiting.get(run.id, 0) for run in runs)
    gaps = sum(_gaps(run, found.numberings.get(run.id, ())) for run in runs)
    if lacking is not None and waiting + gaps > lacking:
        gaps = 0  # Its numbers are no sequence: what lies between them is nothing that was lost.
    lost = [stf for run in runs for stf in found.lost.get(run.id, ())]
    if gaps:
        lost += [stf for run in runs for stf in found.in_gaps.get(run.id, ())]
    named = waiting + gaps if lacking is None else min(waiting + gaps, lacking)
    names = _names(runs, sorted(lost, key=_order)[: min(NAMED, named)])
    return Missing(names, named, 0 if lacking is None else lacking - named)


def _gaps(run: RunStreams, numbers: Sequence[Numbering]) -> int:
    totals = _totals(run)
    return sum(n.gaps + len(n.tail(totals.get(n.stream))) for n in numbers)


def _order(stf: _Lost) -> tuple[int, bool, int, str, str]:
    return stf.run_id, stf.sequence is None, stf.sequence or 0, stf.stream, stf.filename


def _names(runs: Sequence[RunStreams], lost: Sequence[_Lost]) -> tuple[str, ...]:
    by_id = {run.id: run for run in runs}
    several = {run.id: len(sender_names({run.id: run.streams}).get(run.id, ())) > 1 for run in runs}
    return tuple(
        (stf.filename if stf.sequence is None else f"STF {stf.sequence}")
        + (f" of {stf.stream}" if several[stf.run_id] else "")
        + (f" in run {by_id[stf.run_id].run}" if len(runs) > 1 else "")
        for stf in lost
    )
