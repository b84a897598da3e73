"""Files that come after their dataset has closed are led to the dataset that takes them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, func, select

from dsm.manager import tables
from dsm.manager.closing.following import following
from dsm.manager.closing.members import make_member
from dsm.manager.closing.rule_rows import read_rulebook
from dsm.manager.closing.rulebook import Candidate, Rulebook
from dsm.manager.files.units import Part, Unit
from dsm.manager.reading import rows_where
from dsm.manager.work import Work
from penstock_core.states import DatasetKind, DatasetState

_D, _A = tables.dataset.c, tables.attachment.c
Rows = dict[int, Row[Any]]


async def lead_on(work: Work, units: Sequence[Unit], known: Mapping[str, int]) -> Sequence[Unit]:
    """Return ``units`` with the files of closed datasets led to what follows these.

    ``known`` are the numbers of files that are there, by uid: what lies in the dataset, or in
    one that follows it, stays where it is. A unit whose dataset nothing follows stays as it was.
    """
    late = [p for u in units for p in u.parts if p.dataset.state != DatasetState.OPEN]
    if not late or all(part.dataset.kind != DatasetKind.INPUT for part in late):
        return units
    family = await _family(work, [part.dataset for part in late])
    there = await _attached(work, late, known)
    book = await read_rulebook(work.connection)
    leader = _Leader(work, family, there, known, book)
    return [await leader.lead(unit) for unit in units]


@dataclass(frozen=True, slots=True)
class _Family:
    """The first datasets of their logical names, and the newest that follows each."""

    firsts: Rows
    newest: Rows


async def _family(work: Work, datasets: Sequence[Row[Any]]) -> _Family:
    query = select(tables.dataset)
    ids = [_first_id(row) for row in datasets]
    firsts = {row.id: row async for row in rows_where(work.connection, query, _D.id, ids)}
    newest_ids = [row.newest_id for row in firsts.values() if row.newest_id is not None]
    newest = {
        row.first_id: row async for row in rows_where(work.connection, query, _D.id, newest_ids)
    }
    return _Family(firsts, newest)


def _first_id(row: Row[Any]) -> int:
    return int(row.id if row.first_id is None else row.first_id)


async def _attached(
    work: Work, late: Sequence[Part], known: Mapping[str, int]
) -> dict[int, set[int]]:
    """Return by first dataset which of the known files lie in it or in what follows it."""
    first = func.coalesce(_D.first_id, _D.id).label("first_id")
    query = select(_A.file_id, first).join(tables.dataset, _D.id == _A.dataset_id)
    ids = [known[uid] for part in late for uid in part.uids if uid in known]
    found: dict[int, set[int]] = defaultdict(set)
    async for row in rows_where(work.connection, query, _A.file_id, ids):
        found[row.first_id].add(row.file_id)
    return found


class _Leader:
    """Leads files on, unit by unit; a follower that is made serves the next units too."""

    def __init__(
        self,
        work: Work,
        family: _Family,
        there: Mapping[int, set[int]],
        known: Mapping[str, int],
        book: Rulebook,
    ) -> None:
        self._work = work
        self._family = family
        self._there = there
        self._known = known
        self._book = book

    async def lead(self, unit: Unit) -> Unit:
        """Return ``unit`` with each of its late parts led on; or as it was, if one cannot be."""
        parts: list[Part] = []
        for part in unit.parts:
            led = await self._lead_part(part, unit.always)
            if led is None:
                return unit
            parts += led
        return replace(unit, parts=tuple(parts), always=True)

    async def _lead_part(self, part: Part, of_daq: bool) -> list[Part] | None:
        """Return ``part`` as what stays and what is led on; None if nothing follows it."""
        if part.dataset.state == DatasetState.OPEN:
            return [part]
        first_id = _first_id(part.dataset)
        here = [self._known.get(uid) in self._there.get(first_id, ()) for uid in part.uids]
        staying = tuple(f for f, is_here in zip(part.files, here, strict=True) if is_here)
        coming = tuple(f for f, is_here in zip(part.files, here, strict=True) if not is_here)
        target = await self._follower(first_id, of_daq) if coming else part.dataset
        if target is None:
            return None
        led = [Part(target, coming)] if coming else []
        return led + ([Part(part.dataset, staying, told_before=True)] if staying else [])

    async def _follower(self, first_id: int, of_daq: bool) -> Row[Any] | None:
        """Return the open dataset that takes late files, made where it is not there."""
        first = self._family.firsts[first_id]
        last = self._family.newest.get(first_id, first)
        if last.state == DatasetState.OPEN:
            return last
        policy = self._book.applied(Candidate.of(first)).policy
        member = following(last, of_daq=of_daq or first.of_run, has_limits=policy.has_limits)
        if member is None:
            return None
        made = await make_member(self._work, first, member, processing=policy.late == "chain")
        self._family.newest[first_id] = made
        return made
