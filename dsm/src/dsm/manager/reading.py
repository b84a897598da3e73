"""Rows of the store as the models of the contract."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from penstock_core.among import among
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import Dataset, File, Storage
from penstock_core.errors import NotFound

Item = TypeVar("Item")

_DATASET = [tables.dataset.c[name] for name in Dataset.model_fields]


def dataset_of(row: Row[Any]) -> Dataset:
    """Return the dataset in a row that holds at least all columns of the contract.

    One with files that must not be used is incomplete as long as it has them.
    """
    values = dict(row._mapping)
    values["incomplete"] |= bool(row.quarantined or row.lost)
    return Dataset.model_validate({name: values[name] for name in Dataset.model_fields})


def select_datasets() -> Select[Any]:
    """Return the query for datasets with their number, for a page's cursor."""
    return select(tables.dataset.c.id, *_DATASET)


def select_files() -> Select[Any]:
    """Return the query for files as :func:`file_of` takes them."""
    return select(tables.file, tables.storage.c.uid.label("storage_uid")).join(tables.storage)


def file_of(row: Row[Any]) -> File:
    """Return the file in a row of :func:`select_files`; its guid is its uid, a uuid5 of its key."""
    values = dict(row._mapping)
    values |= {"storage_id": values["storage_uid"], "guid": values["uid"]}
    return File.model_validate({name: values[name] for name in File.model_fields})


def storage_of(row: Row[Any]) -> Storage:
    """Return the storage in a row."""
    return Storage.model_validate({name: row._mapping[name] for name in Storage.model_fields})


def page_of(rows: Sequence[Row[Any]], limit: int, item: Callable[[Row[Any]], Item]) -> Page[Item]:
    """Return rows, each with its number in column ``id``, as a page; a full one has a next."""
    following = rows[-1].id if len(rows) == limit else None
    return Page(items=tuple(item(row) for row in rows), next=following)


def after_cursor(
    query: Select[Any], number: ColumnElement[int], after: int, limit: int, *, newest: bool
) -> Select[Any]:
    """Return ``query`` for one page in the order of ``number``, or the other way round."""
    if not newest:
        return query.where(number > after).order_by(number).limit(limit)
    if after:
        query = query.where(number < after)
    return query.order_by(number.desc()).limit(limit)


async def rows_where(
    connection: AsyncConnection,
    query: Select[Any],
    column: ColumnElement[Any],
    values: Iterable[Any],
) -> AsyncIterator[Row[Any]]:
    """Give the rows of ``query`` whose ``column`` is among ``values``, however many those are."""
    wanted = list(dict.fromkeys(values))
    if wanted:
        for row in await connection.execute(query.where(among(column, wanted))):
            yield row


async def datasets_by_uid(connection: AsyncConnection, uids: Sequence[str]) -> dict[str, Dataset]:
    """Return those of these datasets that there are."""
    rows = rows_where(connection, select_datasets(), tables.dataset.c.uid, uids)
    return {row.uid: dataset_of(row) async for row in rows}


async def the_dataset(connection: AsyncConnection, uid: str) -> Dataset:
    """Return one dataset; raises ``NotFound``."""
    found = await datasets_by_uid(connection, [uid])
    if uid not in found:
        raise no_dataset(uid)
    return found[uid]


async def dataset_row(connection: AsyncConnection, uid: str) -> Row[Any]:
    """Return the whole row of one dataset; raises ``NotFound``."""
    query = select(tables.dataset).where(tables.dataset.c.uid == uid)
    row = (await connection.execute(query)).first()
    if row is None:
        raise no_dataset(uid)
    return row


def no_dataset(uid: str, field: str = "uid") -> NotFound:
    """Return the error for a dataset that is not there."""
    return NotFound(
        f"There is no dataset {uid[:200]!r}.",
        hint="GET /api/v1/dataset lists them; file.input and dataset.input make them by name.",
        field=field,
        facts={"uid": uid[:200]},
    )


def no_file(uid: str) -> NotFound:
    """Return the error for a file that is not there."""
    return NotFound(
        f"There is no file {uid[:200]!r}.",
        hint="GET /api/v1/file lists them; ?name= finds one by its name.",
        facts={"uid": uid[:200]},
    )
