"""How full storages are and were: samples of a bounded history, and what stands on their rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.files.storages import find_storage, number_of, storages_by_uid
from dsm.manager.inspection.disk_forecast import WINDOW, full_at
from dsm.manager.inspection.tables import dark_file, storage_sample
from dsm.manager.reading import storage_of
from dsm.manager.work import Work
from penstock_core.clock import now
from penstock_core.contracts.inspection import StorageSample, StorageUse

KEPT = timedelta(days=30)
"""How long samples are kept."""
_S = storage_sample.c


async def store_samples(work: Work, samples: Sequence[StorageSample]) -> None:
    """Store samples, in place of those of the same moments, and drop those that are too old."""
    known = await storages_by_uid(work.connection, [sample.storage_id for sample in samples])
    rows = {}
    for sample in samples:
        number = find_storage(known, sample.storage_id).id
        at = _text(sample.at)
        row = sample.model_dump(exclude={"storage_id", "at"}) | {"storage_id": number, "at": at}
        rows[number, at] = row
    for number, at in rows:
        same = (_S.storage_id == number) & (_S.at == at)
        await work.connection.execute(delete(storage_sample).where(same))
    if rows:
        await work.connection.execute(insert(storage_sample), list(rows.values()))
    await work.connection.execute(delete(storage_sample).where(_S.at < _text(now() - KEPT)))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


async def read_uses(connection: AsyncConnection) -> tuple[StorageUse, ...]:
    """Return how each storage is used, oldest first."""
    storages = (
        await connection.execute(select(tables.storage).order_by(tables.storage.c.id))
    ).all()
    uids = {row.id: row.uid for row in storages}
    recent: dict[int, list[StorageSample]] = defaultdict(list)
    query = select(storage_sample).where(_S.at >= _text(now() - WINDOW)).order_by(_S.at)
    for row in await connection.execute(query):
        recent[row.storage_id].append(_sample(row, uids[row.storage_id]))
    dark = await _dark(connection)
    return tuple(_use(row, recent[row.id], dark.get(row.id, (0, 0))) for row in storages)


async def _dark(connection: AsyncConnection) -> dict[int, tuple[int, int]]:
    columns = dark_file.c
    query = select(columns.storage_id, func.count(), func.sum(columns.size_bytes))
    rows = await connection.execute(query.group_by(columns.storage_id))
    return {number: (files, int(size)) for number, files, size in rows}


def _use(row: Row[Any], recent: Sequence[StorageSample], dark: tuple[int, int]) -> StorageUse:
    return StorageUse(
        storage=storage_of(row),
        files=row.files,
        size_bytes=row.size_bytes,
        dark_files=dark[0],
        dark_bytes=dark[1],
        swept_at=row.swept_at,
        sample=recent[-1] if recent else None,
        full_at=full_at(recent),
    )


def _sample(row: Row[Any], uid: str) -> StorageSample:
    return StorageSample.model_validate(dict(row._mapping) | {"storage_id": uid})


async def read_history(
    connection: AsyncConnection, uid: str, since: datetime | None, limit: int
) -> tuple[StorageSample, ...]:
    """Return the samples of one storage after a moment, oldest first; raises ``NotFound``."""
    number = await number_of(connection, uid)
    query = select(storage_sample).where(_S.storage_id == number)
    if since is not None:
        query = query.where(_S.at > _text(since))
    rows = await connection.execute(query.order_by(_S.at).limit(limit))
    return tuple(_sample(row, uid) for row in rows)
