"""Files with the datasets that hold each of them, in bulk."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.naming import make_uid
from dsm.manager.reading import file_of, rows_where, select_files
from penstock_core.contracts.inspection import FileQuery, FoundFile, Holder

_A, _D = tables.attachment.c, tables.dataset.c
# ``index`` of a row is the method of a tuple.
_PLACE = (_A.port, _A["index"].label("place"), _A.part, _A.basename, _A.producer)
_HOLDERS = (
    select(_A.file_id, *_PLACE, _D.uid, _D.namespace, _D.name, _D.kind, _D.state)
    .join(tables.dataset, _D.id == _A.dataset_id)
    .order_by(_D.id)
)


async def find_files(connection: AsyncConnection, query: FileQuery) -> tuple[FoundFile, ...]:
    """Return those of these files that there are, in the order of the query."""
    uids = [make_uid("file", query.namespace, query.scope, name) for name in query.names]
    rows = rows_where(connection, select_files(), tables.file.c.uid, uids)
    found = {row.uid: row async for row in rows}
    held = await holders_of(connection, [row.id for row in found.values()])
    there = [found[uid] for uid in dict.fromkeys(uids) if uid in found]
    return tuple(FoundFile(file=file_of(row), datasets=held[row.id]) for row in there)


async def holders_of(
    connection: AsyncConnection, files: Iterable[int]
) -> dict[int, tuple[Holder, ...]]:
    """Return by number of file which datasets hold it, the oldest first; () for none."""
    held: dict[int, tuple[Holder, ...]] = defaultdict(tuple)
    async for row in rows_where(connection, _HOLDERS, _A.file_id, files):
        held[row.file_id] += (_holder(row),)
    return held


def _holder(row: Row[Any]) -> Holder:
    values = dict(row._mapping) | {"index": row.place}
    return Holder(**{name: values[name] for name in Holder.model_fields})
