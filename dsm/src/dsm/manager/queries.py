"""What may be asked of the manager: pages of datasets and files."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import (
    dataset_of,
    file_of,
    no_file,
    page_of,
    select_datasets,
    select_files,
)
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import Dataset, File
from penstock_core.name_glob import name_matches

_D, _F = tables.dataset.c, tables.file.c


async def page_datasets(
    connection: AsyncConnection, *, name: str, after: int, limit: int, **equal: str
) -> Page[Dataset]:
    """Return datasets after a cursor; ``name`` is a glob, ``equal`` are columns, "" for any."""
    query = filtered(select_datasets(), tables.dataset.c, equal)
    if name:
        query = query.where(name_matches(connection, _D.name, name))
    rows = await connection.execute(query.where(_D.id > after).order_by(_D.id).limit(limit))
    return page_of(rows.all(), limit, dataset_of)


async def page_files(
    connection: AsyncConnection, *, after: int, limit: int, **equal: str
) -> Page[File]:
    """Return files after a cursor; ``equal`` are columns, "" for any."""
    query = filtered(select_files(), tables.file.c, equal)
    rows = await connection.execute(query.where(_F.id > after).order_by(_F.id).limit(limit))
    return page_of(rows.all(), limit, file_of)


async def the_file(connection: AsyncConnection, uid: str) -> File:
    """Return one file; raises ``NotFound``."""
    row = (await connection.execute(select_files().where(_F.uid == uid))).first()
    if row is None:
        raise no_file(uid)
    return file_of(row)


def filtered(query: Select[Any], columns: Any, equal: dict[str, str]) -> Select[Any]:
    """Return ``query`` for rows whose columns equal what is not ""."""
    for name, value in equal.items():
        if value:
            query = query.where(columns[name] == value)
    return query
