"""Counts that stand on rows and move with what they count, so that nobody counts rows."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, bindparam, update

from dsm.manager import tables
from dsm.manager.work import Work


async def count_stored(work: Work, changes: Iterable[tuple[int, int, int]]) -> None:
    """Add to what storages hold: triples of a storage's number, files and bytes, perhaps < 0."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for storage_id, files, size_bytes in changes:
        sums[storage_id][0] += files
        sums[storage_id][1] += size_bytes
    added = {key: {"files": n, "size_bytes": size} for key, (n, size) in sums.items() if n}
    await add_to_counts(work, tables.storage, added)


async def add_to_counts(work: Work, table: Table, added: dict[int, dict[str, int]]) -> None:
    """Add to the counts of rows, by their number: each row names the same columns."""
    if not added:
        return
    names = next(iter(added.values())).keys()
    values: dict[str, Any] = {name: table.c[name] + bindparam(f"more_{name}") for name in names}
    await work.connection.execute(
        update(table).where(table.c.id == bindparam("the_id")).values(**values),
        [
            {"the_id": key} | {f"more_{name}": more for name, more in counts.items()}
            for key, counts in added.items()
        ],
    )
