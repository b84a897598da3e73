"""Datasets as data-access refers to them: an integer id, a name, the storage manager's uid."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row
from data_access.schema import dataset
from penstock_core.contracts.workflow import DatasetRow, SpdDataset
from penstock_core.errors import NotFound

_RICH = [
    dataset.c.uid.label("dataset_uid") if n == "dataset_uid" else dataset.c[n]
    for n in DatasetRow.model_fields
]


def datasets_after(after: int, limit: int, **equal: Any) -> Select[Any]:
    """Return the query for a page; ``equal`` are columns with the value they must have."""
    query = select(*_RICH).where(dataset.c.dataset_id > after)
    for name, value in equal.items():
        if value:
            query = query.where(dataset.c[name] == value)
    return query.order_by(dataset.c.dataset_id).limit(limit)


async def read_datasets(connection: AsyncConnection, query: Select[Any]) -> list[DatasetRow]:
    """Return the datasets of a query made here."""
    return [DatasetRow(**row) for row in (await connection.execute(query)).mappings()]


async def read_dataset(connection: AsyncConnection, dataset_id: int) -> DatasetRow:
    """Return one dataset; raises ``NotFound``."""
    found = await read_datasets(
        connection, select(*_RICH).where(dataset.c.dataset_id == dataset_id)
    )
    if not found:
        raise NotFound(
            f"There is no dataset {dataset_id}.",
            hint="GET /dataset/all lists them; one gets its number at its first match.",
            facts={"dataset_id": dataset_id},
        )
    return found[0]


def spd_dataset(row: DatasetRow | Row) -> SpdDataset:
    """Return SPD's three keys."""
    full = row if isinstance(row, DatasetRow) else DatasetRow(**row)
    return SpdDataset(dataset_id=full.dataset_id, name=full.name, dataset_uid=full.dataset_uid)
