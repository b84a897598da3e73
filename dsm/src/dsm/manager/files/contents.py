"""The contents of a dataset, as whoever processes it reads them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.closing.parts import part_of, read_parts
from dsm.manager.files.storages import ROOT, url_of
from dsm.manager.reading import dataset_row, rows_where
from penstock_core.contracts.closing import Part
from penstock_core.contracts.dsm import ContentFile, Contents, ContentsNews, ReadTo
from penstock_core.errors import InvalidInput
from penstock_core.states import DatasetState, FileState

_F, _A = tables.file.c, tables.attachment.c
_USABLE = (FileState.REGISTERED, FileState.VERIFIED)


async def read_contents(connection: AsyncConnection, uid: str, after: int, limit: int) -> Contents:
    """Return the files of a dataset after a position; the connection sees one snapshot.

    Raises
    ------
    NotFound
        there is no such dataset.
    InvalidInput
        the position lies beyond its files: it is the cursor of something else.
    """
    row = await dataset_row(connection, uid)
    if after > row.files:
        raise InvalidInput(
            f"The cursor {after} lies beyond the {row.files} files of dataset {row.name!r}.",
            hint="Begin again with after=0.",
            field="after",
        )
    query = _contents_query().where(_A.dataset_id == row.id, _A.position > after)
    found = await connection.execute(query.order_by(_A.position).limit(limit))
    parts = await read_parts(connection, row)
    files = tuple(_content_file(file, parts) for file in found)
    return Contents(
        uid=uid,
        files=files,
        closed=row.state != DatasetState.OPEN,
        total=row.files,
        incomplete=row.incomplete or bool(row.quarantined or row.lost),
        cursor=files[-1].position if files else after,
    )


async def contents_news(connection: AsyncConnection, read: Sequence[ReadTo]) -> ContentsNews:
    """Return which datasets hold more than was read of them, or are closed; one query for all."""
    read_to = {each.uid: each.cursor for each in read}
    d = tables.dataset.c
    rows = rows_where(connection, select(d.uid, d.files, d.state), d.uid, read_to)
    found = {row.uid: row async for row in rows}
    changed = (
        uid
        for uid, row in found.items()
        if row.files > read_to[uid] or row.state != DatasetState.OPEN
    )
    return ContentsNews(changed=tuple(changed), gone=tuple(read_to.keys() - found.keys()))


def _contents_query() -> Select[Any]:
    return (
        select(
            _A.position,
            _A.basename,
            _A.port,
            _A["index"].label("place"),
            _A.part,
            _F.name,
            _F.size_bytes,
            _F.checksum,
            _F.path,
            _F.uid,
            _F.state,
            _F.reason,
            tables.storage.c.base,
            tables.storage.c.uid.label("storage_uid"),
        )
        .join(tables.file, _F.id == _A.file_id)
        .join(tables.storage, tables.storage.c.id == _F.storage_id)
    )


def _content_file(row: Row[Any], parts: Sequence[Part]) -> ContentFile:
    return ContentFile(
        position=row.position,
        name=row.name,
        basename=row.basename,
        port=row.port,
        index=row.place,
        part=row.part,
        size_bytes=row.size_bytes,
        checksum=row.checksum,
        url=url_of(row.base, row.path),
        usable=row.state in _USABLE,
        readable=row.storage_uid != ROOT.uid,
        uid=row.uid,
        state=row.state,
        reason=row.reason,
        part_name=part_of(parts, row.position).name,
    )
