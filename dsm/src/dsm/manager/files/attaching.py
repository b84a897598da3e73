"""Attaching files to datasets: each once, in a position, at an index that is its own."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

from dsm.manager import tables
from dsm.manager.closing.parts import add_to_parts
from dsm.manager.closing.rule_rows import read_rulebook
from dsm.manager.closing.rulebook import Candidate, Rulebook
from dsm.manager.reading import rows_where
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json

_A = tables.attachment.c


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to put into a dataset; ``index`` is the one it would have, None for the next."""

    dataset: Row[Any]
    file_id: int
    port: str
    part: int
    index: int | None
    basename: str
    producer: str
    size_bytes: int


async def attach(work: Work, wanted: Sequence[Attachment]) -> None:
    """Attach what is not attached yet; counts, revision and events follow."""
    by_dataset: dict[int, list[Attachment]] = defaultdict(list)
    for attachment in wanted:
        by_dataset[attachment.dataset.id].append(attachment)
    if not by_dataset:
        return
    book = await read_rulebook(work.connection)
    rows: list[Json] = []
    for attachments in by_dataset.values():
        rows += await _rows(work, attachments[0].dataset, attachments, book)
    if rows:
        await insert_rows(work.connection, tables.attachment, rows)


async def _rows(
    work: Work, dataset: Row[Any], wanted: list[Attachment], book: Rulebook
) -> list[Json]:
    """Return the new rows of one dataset, having raised its counts and closed its full parts."""
    counts = await _counts(work, dataset.id)
    new = await _not_attached(work, dataset.id, wanted) if counts.files else _once(wanted)
    if not new:
        return []
    indexes = await _indexes(work, dataset.id, new, empty=not counts.files)
    sizes = [a.size_bytes for a in new]
    await _raise_counts(work, dataset.id, len(new), sum(sizes))
    rule = book.applied(Candidate.of(dataset))
    await add_to_parts(work, dataset, (counts.files, counts.size_bytes), sizes, rule)
    work.tell_files(dataset.uid, len(new))
    return [
        {
            "dataset_id": dataset.id,
            "position": counts.files + place,
            "file_id": a.file_id,
            "port": a.port,
            "index": index,
            "part": a.part,
            "basename": a.basename,
            "producer": a.producer,
        }
        for place, (a, index) in enumerate(zip(new, indexes, strict=True), start=1)
    ]


async def _counts(work: Work, dataset_id: int) -> Row[Any]:
    columns = tables.dataset.c
    query = select(columns.files, columns.size_bytes).where(columns.id == dataset_id)
    return (await work.connection.execute(query)).one()


def _once(wanted: Iterable[Attachment]) -> list[Attachment]:
    return list({a.file_id: a for a in reversed(list(wanted))}.values())[::-1]


async def _not_attached(
    work: Work, dataset_id: int, wanted: Iterable[Attachment]
) -> list[Attachment]:
    query = select(_A.file_id).where(_A.dataset_id == dataset_id)
    rows = rows_where(work.connection, query, _A.file_id, [a.file_id for a in wanted])
    there = {row.file_id async for row in rows}
    return [a for a in _once(wanted) if a.file_id not in there]


async def _indexes(
    work: Work, dataset_id: int, new: Sequence[Attachment], *, empty: bool
) -> list[int]:
    """Return an index for each: the one it would have if that is free, else above all others."""
    slots = {(a.port, a.part): _Slots(set(), -1) for a in new}
    if not empty:
        for port, part in slots:
            wanted = {a.index for a in new if (a.port, a.part) == (port, part)} - {None}
            slots[port, part] = await _slots(work, dataset_id, port, part, wanted)
    # Those that ask for an index come first, so that none of the others takes it from them.
    placed = {
        a.file_id: slots[a.port, a.part].place(a.index)
        for a in sorted(new, key=lambda a: a.index is None)
    }
    return [placed[a.file_id] for a in new]


class _Slots:
    """The indexes of one port and part: those asked for that are taken, and the highest."""

    def __init__(self, taken: set[int], top: int) -> None:
        self._taken = taken
        self._top = top

    def place(self, index: int | None) -> int:
        if index is None or index in self._taken:
            index = self._top + 1
        self._taken.add(index)
        self._top = max(self._top, index)
        return index


async def _slots(
    work: Work, dataset_id: int, port: str, part: int, wanted: Iterable[int | None]
) -> _Slots:
    here = (_A.dataset_id == dataset_id) & (_A.port == port) & (_A.part == part)
    top = await work.connection.scalar(select(func.max(_A["index"])).where(here))
    query = select(_A["index"].label("place")).where(here)
    rows = rows_where(work.connection, query, _A["index"], wanted)
    return _Slots({row.place async for row in rows}, -1 if top is None else top)


async def _raise_counts(work: Work, dataset_id: int, files: int, size_bytes: int) -> None:
    columns = tables.dataset.c
    await work.connection.execute(
        update(tables.dataset)
        .where(columns.id == bindparam("dataset_id"))
        .values(
            files=columns.files + bindparam("more_files"),
            size_bytes=columns.size_bytes + bindparam("more_bytes"),
            revision=columns.revision + 1,
            last_file_at=bindparam("at"),
            look_at="",
        ),
        {
            "dataset_id": dataset_id,
            "more_files": files,
            "more_bytes": size_bytes,
            "at": work.at,
        },
    )
