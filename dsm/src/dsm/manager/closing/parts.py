"""Parts: a logical dataset of many files goes on in ``.b2``, ``.b3``, … and stays one dataset.

Positions say which part holds a file: part by part they are an unbroken stretch. A full part
closes at once; the last one is open as long as its dataset.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.closing.ledger import LedgerEntry, write_ledger
from dsm.manager.closing.member_names import member_name
from dsm.manager.work import Work
from penstock_core.contracts.closing import AppliedRule, Part
from penstock_core.looks import files

_P = tables.part.c


@dataclass(frozen=True, slots=True)
class Stretch:
    """The files of one part: its number, the position of its first file, how many, how large."""

    number: int
    first: int
    files: int = 0
    size_bytes: int = 0


def fill(last: Stretch, sizes: Iterable[int], most: int) -> tuple[list[Stretch], Stretch]:
    """Return the parts that get full when files of these sizes follow, and the one then open.

    >>> fill(Stretch(1, 1, 1, 10), [20, 30], most=2)
    ([Stretch(number=1, first=1, files=2, size_bytes=30)], Stretch(number=2, first=3, files=1, \
size_bytes=30))
    """
    full: list[Stretch] = []
    number, first, count, total = last.number, last.first, last.files, last.size_bytes
    for size_bytes in sizes:
        if count >= most:
            full.append(Stretch(number, first, count, total))
            number, first, count, total = number + 1, first + count, 0, 0
        count, total = count + 1, total + size_bytes
    if count >= most:
        full.append(Stretch(number, first, count, total))
        number, first, count, total = number + 1, first + count, 0, 0
    return full, Stretch(number, first, count, total)


async def add_to_parts(
    work: Work, dataset: Row[Any], before: tuple[int, int], sizes: Sequence[int], rule: AppliedRule
) -> None:
    """Close the parts of a dataset that files of these ``sizes`` fill; ``before`` are its counts.

    Nothing is asked of a dataset that is smaller than a part.
    """
    most = rule.policy.files_per_part
    if before[0] + len(sizes) < most:
        return
    full, _ = fill(_last(await _full_parts(work.connection, dataset.id), *before), sizes, most)
    if not full:
        return
    rows = [_row(dataset, stretch, work.at) for stretch in full]
    await work.connection.execute(insert(tables.part), rows)
    await write_ledger(work, [_entry(dataset, row, rule) for row in rows])


def _last(full: Sequence[Part], dataset_files: int, dataset_bytes: int) -> Stretch:
    """Return the open part: what the full ones leave of a dataset."""
    count = dataset_files - sum(part.files for part in full)
    total = dataset_bytes - sum(part.size_bytes for part in full)
    return Stretch(len(full) + 1, dataset_files - count + 1, count, total)


async def _full_parts(connection: AsyncConnection, dataset_id: int) -> tuple[Part, ...]:
    query = select(*(_P[name] for name in Part.model_fields)).where(_P.dataset_id == dataset_id)
    rows = await connection.execute(query.order_by(_P.number))
    return tuple(Part.model_validate(dict(row._mapping)) for row in rows)


def _row(dataset: Row[Any], stretch: Stretch, at: str) -> dict[str, Any]:
    return {
        "dataset_id": dataset.id,
        "number": stretch.number,
        "name": part_name(dataset.name, stretch.number),
        "first_position": stretch.first,
        "files": stretch.files,
        "size_bytes": stretch.size_bytes,
        "closed_at": at,
    }


def _entry(dataset: Row[Any], row: dict[str, Any], rule: AppliedRule) -> LedgerEntry:
    because = f"part {row['name']} holds {files(row['files'])} (rule {rule.rule})"
    evidence = {key: row[key] for key in ("name", "first_position", "files", "size_bytes")}
    return LedgerEntry(dataset.id, "part", because, evidence | {"rule": rule.rule}, "dsm")


def part_name(dataset: str, number: int) -> str:
    """Return the name of a part; the first one is called as its dataset."""
    return dataset if number == 1 else member_name(dataset, "b", number)


async def read_parts(connection: AsyncConnection, dataset: Row[Any]) -> tuple[Part, ...]:
    """Return the parts of a dataset; one of few files is its own only part."""
    full = await _full_parts(connection, dataset.id)
    last = _last(full, dataset.files, dataset.size_bytes)
    if full and not last.files:
        return full
    open_one = Part(
        number=last.number,
        name=part_name(dataset.name, last.number),
        first_position=last.first,
        files=last.files,
        size_bytes=last.size_bytes,
        closed_at=dataset.closed_at,
    )
    return (*full, open_one)


def part_of(parts: Sequence[Part], position: int) -> Part:
    """Return the part that holds the file at ``position``."""
    return parts[bisect_right(parts, position, key=lambda part: part.first_position) - 1]
