"""The sequence numbers of a run's STFs: how many there must be, and which are not known.

A sequence is per (run, stream). Numbering starts at the lower of 1 and the first number seen.
Where one stream alone sends STFs, all of the run are its; where several do, an STF that came from
somebody else (its announcement was lost) counts, and fills no place in any sequence.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import rows_where

Senders = Mapping[int, Sequence[str]]
"""By a run's number the names of the streams that send its STFs."""

_S = tables.stf.c


@dataclass(frozen=True, slots=True)
class Numbering:
    """What is known of one sequence.

    Attributes
    ----------
    stream
        Whose it is; None for STFs of which that is not known.
    stfs
        How many STFs are known, announced or here.
    registered
        How many of them are here.
    numbers
        How many numbers they have; some may have none, or one together.
    first, last
        The lowest and the highest number; None where no STF has one.
    """

    stream: str | None
    stfs: int
    registered: int
    numbers: int
    first: int | None
    last: int | None

    @property
    def begins(self) -> int:
        """Return the number of the sequence's first STF.

        >>> Numbering("daq", 1, 1, 1, 7, 7).begins, Numbering("daq", 1, 1, 1, 0, 0).begins
        (1, 0)
        """
        return 1 if self.first is None else min(1, self.first)

    @property
    def gaps(self) -> int:
        """Return how many numbers below the highest are not known.

        >>> Numbering("daq", 3, 3, 3, 2, 6).gaps
        3
        """
        if self.last is None or self.stream is None:
            return 0
        return max(0, self.last - self.begins + 1 - self.numbers)

    def tail(self, total: int | None) -> range:
        """Return the numbers above the highest, of a stream that has ``total`` STFs in all.

        >>> Numbering("daq", 3, 3, 3, 1, 3).tail(5)
        range(4, 6)
        """
        if total is None or self.last is None or self.stream is None:
            return range(0)
        return range(self.last + 1, max(self.last + 1, self.begins + total))


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of numbers, ``last`` included, that no STF of a run's stream is known to have."""

    run_id: int
    stream: str
    first: int
    last: int


async def numberings(
    connection: AsyncConnection, senders: Senders
) -> dict[int, tuple[Numbering, ...]]:
    """Return the sequences of these runs, by run."""
    stfs = _stfs_with_stream(senders).subquery()
    query = select(
        stfs.c.run_id,
        stfs.c.whose,
        func.count().label("stfs"),
        func.count(stfs.c.here).label("registered"),
        func.count(stfs.c.sequence.distinct()).label("numbers"),
        func.min(stfs.c.sequence).label("first"),
        func.max(stfs.c.sequence).label("last"),
    ).group_by(stfs.c.run_id, stfs.c.whose)
    found: dict[int, list[Numbering]] = defaultdict(list)
    async for row in rows_where(connection, query, stfs.c.run_id, senders):
        stream = _named(senders, row.run_id, row.whose)
        numbering = Numbering(stream, row.stfs, row.registered, row.numbers, row.first, row.last)
        found[row.run_id].append(numbering)
    return {run_id: tuple(of_run) for run_id, of_run in found.items()}


async def holes(connection: AsyncConnection, senders: Senders, most: int) -> list[Hole]:
    """Return the first ``most`` holes of each of these runs, in the order of their numbers."""
    query = _holes(senders, most)
    rows = rows_where(connection, query, query.selected_columns.run_id, senders)
    return [
        Hole(row.run_id, _named(senders, row.run_id, row.whose) or "", row.first, row.last)
        async for row in rows
    ]


def _holes(senders: Senders, most: int) -> Select[Any]:
    """Return the query for the stretches between each number and the one before it."""
    stfs = _stfs_with_stream(senders).subquery()
    before = func.lag(stfs.c.sequence).over(
        partition_by=(stfs.c.run_id, stfs.c.whose), order_by=stfs.c.sequence
    )
    stretches = (
        select(
            stfs.c.run_id,
            stfs.c.whose,
            func.coalesce(before + 1, 1).label("first"),
            (stfs.c.sequence - 1).label("last"),
        )
        .where(stfs.c.sequence.is_not(None), stfs.c.whose.is_not(None))
        .subquery()
    )
    place = func.row_number().over(partition_by=stretches.c.run_id, order_by=stretches.c.first)
    found = select(stretches, place.label("place")).where(stretches.c.last >= stretches.c.first)
    first_ones = found.subquery()
    return (
        select(first_ones)
        .where(first_ones.c.place <= most)
        .order_by(first_ones.c.run_id, first_ones.c.place)
    )


def _stfs_with_stream(senders: Senders) -> Select[Any]:
    """Return the query for STFs with ``whose``: "" where one stream sends all, NULL for unknown."""
    several = {run_id: names for run_id, names in senders.items() if len(names) > 1}
    whose: ColumnElement[Any] = literal("")
    if several:
        known = [(run_id, name) for run_id, names in several.items() for name in names]
        whose = case(
            (_S.run_id.not_in(several), ""),
            (tuple_(_S.run_id, _S.stream).in_(known), _S.stream),
            else_=None,
        )
    here = case((_S.registered == true(), 1), else_=None).label("here")
    columns = (_S.run_id, _S.sequence, here, whose.label("whose"))
    return select(*columns).where(_S.run_id.in_(senders))


def _named(senders: Senders, run_id: int, whose: str | None) -> str | None:
    return senders[run_id][0] if len(senders[run_id]) == 1 else whose
