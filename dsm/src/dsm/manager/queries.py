"""What may be asked of the manager: pages of datasets, files and runs, contents, evidence."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.reading import (
    dataset_of,
    file_of,
    no_dataset,
    page_of,
    rows_where,
    select_datasets,
    select_files,
)
from dsm.manager.storages import url_of
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import (
    ContentFile,
    Contents,
    Dataset,
    Evidence,
    File,
    Run,
)
from penstock_core.errors import InvalidInput, NotFound
from penstock_core.states import DatasetState, FileState

MISSING_SHOWN = 100
_USABLE = (FileState.REGISTERED, FileState.VERIFIED)
_SET = re.compile(r"\[\^?[A-Za-z0-9._-]+\]")
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
        raise NotFound(
            f"There is no file {uid[:200]!r}.",
            hint="GET /api/v1/file lists them; ?name= finds one by its name.",
            facts={"uid": uid[:200]},
        )
    return file_of(row)


def _filtered(query: Select[Any], columns: Any, equal: dict[str, str]) -> Select[Any]:
    for name, value in equal.items():
        if value:
            query = query.where(columns[name] == value)
    return query


def name_matches(
    connection: AsyncConnection, column: ColumnElement[str], glob: str
) -> ColumnElement[bool]:
    """Return the condition that a name matches ``glob``, of ``*``, ``?`` and ``[ab]``.

    Raises
    ------
    InvalidInput
        a bracket is not closed, or holds what no name has.
    """
    pattern = "^" + "".join(_as_regex(part) for part in _parts(glob)) + "$"
    if connection.dialect.name == "postgresql":
        return column.regexp_match(pattern)
    return column.op("GLOB")(glob)


def _parts(glob: str) -> list[str]:
    parts = re.findall(r"\[[^\]]*\]?|.", glob, re.DOTALL)
    for part in parts:
        if (part[0] == "[" and not _SET.fullmatch(part)) or len(glob) > 250:
            raise InvalidInput(
                f"{glob[:250]!r} is no glob of dataset names.",
                hint="Use names with *, ? and [ab], up to 250 characters.",
                field="name",
            )
    return parts


def _as_regex(part: str) -> str:
    special = {"*": ".*", "?": "."}
    return special.get(part) or (part if part[0] == "[" else re.escape(part))


async def read_contents(connection: AsyncConnection, uid: str, after: int, limit: int) -> Contents:
    """Return the files of a dataset after a position; the connection sees one snapshot.

    Raises
    ------
    NotFound
        there is no such dataset.
    InvalidInput
        the position lies beyond its files: it is the cursor of something else.
    """
    row = (await connection.execute(select(tables.dataset).where(_D.uid == uid))).first()
    if row is None:
        raise no_dataset(uid)
    if after > row.files:
        raise InvalidInput(
            f"The cursor {after} lies beyond the {row.files} files of dataset {row.name!r}.",
            hint="Begin again with after=0.",
            field="after",
        )
    query = _contents_query().where(_A.dataset_id == row.id, _A.position > after)
    found = await connection.execute(query.order_by(_A.position).limit(limit))
    files = tuple(_content_file(file) for file in found)
    return Contents(
        uid=uid,
        files=files,
        closed=row.state != DatasetState.OPEN,
        total=row.files,
        incomplete=row.incomplete,
        cursor=files[-1].position if files else after,
    )


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
            _F.state,
            tables.storage.c.base,
        )
        .join(tables.file, _F.id == _A.file_id)
        .join(tables.storage, tables.storage.c.id == _F.storage_id)
    )


def _content_file(row: Row[Any]) -> ContentFile:
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
    )


async def page_closing(connection: AsyncConnection, after: int, limit: int) -> Page[Evidence]:
    """Return the evidence on open datasets whose producer has announced its end."""
    query = select(tables.dataset).where(
        _D.state == DatasetState.OPEN, _D.announced.is_not(None), _D.id > after
    )
    rows = (await connection.execute(query.order_by(_D.id).limit(limit))).all()
    missing = {row.id: await _missing(connection, row) for row in rows}
    return page_of(rows, limit, lambda row: _evidence(row, missing[row.id]))


async def _missing(connection: AsyncConnection, row: Row[Any]) -> tuple[int, ...]:
    """Return the first of the STFs that were announced and did not come."""
    if row.files >= row.announced:
        return ()
    stfs = tables.stf.c
    query = select(stfs.sequence).join(tables.run, _R.id == stfs.run_id)
    query = query.where(_R.dataset_id == row.id, stfs.registered == false())
    found = await connection.scalars(query.order_by(stfs.sequence).limit(MISSING_SHOWN))
    return tuple(found)


def _evidence(row: Row[Any], missing: tuple[int, ...]) -> Evidence:
    values = dict(row._mapping) | {"registered": row.files, "missing": missing}
    return Evidence.model_validate({name: values[name] for name in Evidence.model_fields})


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
