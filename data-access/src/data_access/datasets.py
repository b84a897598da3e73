"""Datasets that somebody registers by hand, and the storage manager's identifier for them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.counters import Counters
from data_access.dataset_rows import read_dataset
from data_access.readiness import open_states
from data_access.schema import dataset
from penstock_core.contracts.workflow import DatasetRef, DatasetRow
from penstock_core.errors import Duplicate
from penstock_core.states import DatasetKind, DatasetState
from penstock_core.store import Store


async def create_dataset(store: Store, ref: DatasetRef) -> DatasetRow:
    """Return the row of a new input dataset; raises ``Duplicate``."""
    async with store.write() as connection:
        counters = await Counters.lock(connection)
        await _refuse_twice(connection, ref)
        number = counters.next("dataset")
        row = {
            "dataset_id": number,
            "uid": None,
            **ref.model_dump(include={"namespace", "scope", "name"}),
            "kind": DatasetKind.INPUT,
            "state": DatasetState.DEFINED,
            "workflow_id": None,
        }
        await connection.execute(dataset.insert(), [row])
        await counters.store(connection)
        if ref.uid:
            await _name(connection, number, ref.uid)
        return await read_dataset(connection, number)


async def set_uid(store: Store, dataset_id: int, uid: str) -> DatasetRow:
    """Give a dataset the storage manager's identifier, once; raises ``Duplicate``."""
    async with store.write() as connection:
        await Counters.lock(connection)
        row = await read_dataset(connection, dataset_id)
        if row.dataset_uid not in (None, uid):
            raise Duplicate(
                f"Dataset {dataset_id} has the identifier {row.dataset_uid}.",
                hint="An identifier is given once and never changed.",
                field="dataset_uid",
                facts={"dataset_uid": row.dataset_uid},
            )
        if row.dataset_uid is None:
            await _name(connection, dataset_id, uid)
        return await read_dataset(connection, dataset_id)


async def _refuse_twice(connection: AsyncConnection, ref: DatasetRef) -> None:
    same = (dataset.c.namespace == ref.namespace, dataset.c.scope == ref.scope)
    query = select(dataset.c.dataset_id).where(*same, dataset.c.name == ref.name)
    number = await connection.scalar(query)
    if number is not None:
        raise Duplicate(
            f"The dataset {ref.name} is there already, as {number}.",
            hint=f"GET /dataset/{number}",
            field="name",
            facts={"dataset_id": number},
        )


async def _name(connection: AsyncConnection, number: int, uid: str) -> None:
    owner = await connection.scalar(select(dataset.c.dataset_id).where(dataset.c.uid == uid))
    if owner is not None:
        raise Duplicate(
            f"The identifier {uid} belongs to dataset {owner}.",
            hint="Look it up in the storage manager.",
            field="dataset_uid",
            facts={"dataset_id": owner},
        )
    this = dataset.c.dataset_id == number
    await connection.execute(dataset.update().where(this).values(uid=uid))
    await open_states(connection, {number: uid})
