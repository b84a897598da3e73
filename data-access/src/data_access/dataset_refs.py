"""Datasets that have a number, as decisions saw them last: with metadata, in the newest state."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks
from data_access.schema import dataset, early_state, examined
from penstock_core.among import among
from penstock_core.clock import now
from penstock_core.contracts.workflow import DatasetRef
from penstock_core.states import DatasetState


async def read_refs(connection: AsyncConnection, numbers: Collection[int]) -> dict[int, DatasetRef]:
    """Return these datasets by their number; one that nobody decided on has no metadata."""
    found: dict[int, DatasetRef] = {}
    own = [dataset.c[name] for name in ("uid", "namespace", "scope", "name", "kind", "state")]
    for some in chunks(numbers):
        query = (
            select(dataset.c.dataset_id, examined.c.dataset.label("seen"), *own)
            .outerjoin(examined, examined.c.dataset_uid == dataset.c.uid)
            .where(among(dataset.c.dataset_id, some))
        )
        for row in (await connection.execute(query)).mappings():
            known = {column.name: row[column.name] for column in own}
            seen = row["seen"] or {"registered_at": now()}
            number: int = row["dataset_id"]
            found[number] = DatasetRef(**{**seen, **known, "uid": known["uid"] or ""})
    return found


async def newest_states(
    connection: AsyncConnection, uids: Collection[str]
) -> dict[str, DatasetState]:
    """Return the states that were copied last, by uid, also of datasets without a number."""
    found: dict[str, DatasetState] = {}
    for table in (early_state, dataset):
        for some in chunks(uids):
            query = select(table.c.uid, table.c.state).where(among(table.c.uid, some))
            rows = await connection.execute(query)
            found |= {uid: DatasetState(state) for uid, state in rows}
    return found
