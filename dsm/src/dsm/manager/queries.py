"""What may be asked of the manager: pages of datasets, files and runs."""

from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import (
    dataset_of,
    file_of,
    no_file,
    page_of,
    rows_where,
    select_datasets,
    select_files,
)
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import Dataset, File, Run
from penstock_core.name_glob import name_matches

_D, _F, _A, _R = tables.dataset.c, tables.file.c, tables.attachment.c, tables.run.c


async def page_datasets(
    connection: AsyncConnection, *, name: str, after: int, limit: int, **equal: str
) -> Page[Dataset]:
    """Return datasets after a cursor; ``name`` is a glob, ``equal`` are columns, "" for any."""
    query = _filtered(select_datasets(), tables.dataset.c, equal)
    if name:
        query = query.where(name_matches(connection, _D.name, name))
    rows = await connection.execute(query.where(_D.id > after).order_by(_D.id).limit(limit))
    return page_of(rows.all(), limit, dataset_of)


async def page_files(
    connection: AsyncConnection, *, after: int, limit: int, **equal: str
) -> Page[File]:
    """Return files after a cursor; ``equal`` are columns, "" for any."""
    query = _filtered(select_files(), tables.file.c, equal)
    rows = await connection.execute(query.where(_F.id > after).order_by(_F.id).limit(limit))
    return page_of(rows.all(), limit, file_of)


async def the_file(connection: AsyncConnection, uid: str) -> File:
    """Return one file; raises ``NotFound``."""
    row = (await connection.execute(select_files().where(_F.uid == uid))).first()
    if row is None:
        raise no_file(uid)
    return file_of(row)


def _filtered(query: Select[Any], columns: Any, equal: dict[str, str]) -> Select[Any]:
    for name, value in equal.items():
        if value:
            query = query.where(columns[name] == value)
    return query


async def page_runs(
    connection: AsyncConnection, *, after: int, limit: int, **equal: str
) -> Page[Run]:
    """Return runs after a cursor; ``equal`` are columns, "" for any."""
    query = _filtered(
        select(tables.run, _D.uid.label("dataset_uid"), _D.files, _D.announced.label("total")).join(
            tables.dataset, _D.id == _R.dataset_id
        ),
        _R,
        equal,
    )
    rows = (await connection.execute(query.where(_R.id > after).order_by(_R.id).limit(limit))).all()
    stfs = await _stfs(connection, rows)
    return page_of(rows, limit, lambda row: _run(row, stfs.get(row.id, 0)))


async def _stfs(connection: AsyncConnection, runs: Any) -> dict[int, int]:
    """Return by run how many STFs all its streams have announced."""
    found: dict[int, int] = {}
    columns = tables.stream.c
    query = select(tables.stream)
    async for row in rows_where(connection, query, columns.run_id, [run.id for run in runs]):
        found[row.run_id] = found.get(row.run_id, 0) + row.stfs
    return found


def _run(row: Row[Any], announced: int) -> Run:
    values = dict(row._mapping) | {"announced": announced, "registered": row.files}
    return Run.model_validate({name: values[name] for name in Run.model_fields})
