"""Sweeps: what lies on disk held against the catalogue, and the catalogue against the disk."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.files.storages import StorageRow, all_storages, find_storage, number_of
from dsm.manager.inspection.tables import dark_file
from dsm.manager.reading import page_of, rows_where
from dsm.manager.work import Work
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.inspection import HeldFile, SeenFile
from penstock_core.states import FileState

_K, _F = dark_file.c, tables.file.c
_HELD = (FileState.REGISTERED, FileState.VERIFIED, FileState.QUARANTINED)


async def note_seen(work: Work, uid: str, seen: Sequence[SeenFile]) -> int:
    """Store which of the files that a sweep saw are dark; return how many are."""
    storages = await all_storages(work.connection)
    storage = find_storage({s.uid: s for s in storages}, uid)
    known = await known_paths(work.connection, storages, storage, [file.path for file in seen])
    dark = {file.path: file for file in seen if file.path not in known}
    mine = _K.storage_id == storage.id
    rows = rows_where(
        work.connection, select(dark_file).where(mine), _K.path, [f.path for f in seen]
    )
    there = {row.path: row.id async for row in rows}
    await drop_dark(work, [number for path, number in there.items() if path in known])
    await _see_again(work, {there[p]: f for p, f in dark.items() if p in there})
    new = [_row(storage.id, f, work.at) for p, f in dark.items() if p not in there]
    if new:
        await work.connection.execute(insert(dark_file), new)
    return len(dark)


async def known_paths(
    connection: AsyncConnection,
    storages: Sequence[StorageRow],
    storage: StorageRow,
    paths: Iterable[str],
) -> set[str]:
    """Return which paths of ``storage`` some storage's catalogue knows: folders may be nested."""
    places: dict[tuple[int, str], str] = {}
    bases = {one.id: PurePosixPath(os.path.realpath(one.base)) for one in storages}
    for path in paths:
        absolute = bases[storage.id] / path
        for number, base in bases.items():
            if absolute.is_relative_to(base):
                places[number, str(absolute.relative_to(base))] = path
    columns = (_F.storage_id, _F.path)
    query = select(*columns).where(_F.removed_at.is_(None))
    rows = rows_where(connection, query, _F.path, [path for _, path in places])
    found = {(row.storage_id, row.path) async for row in rows}
    return {path for place, path in places.items() if place in found}


async def drop_dark(work: Work, numbers: Sequence[int]) -> None:
    """Forget dark files, by their numbers."""
    if numbers:
        await work.connection.execute(
            delete(dark_file).where(_K.id == bindparam("the_id")),
            [{"the_id": number} for number in numbers],
        )


async def _see_again(work: Work, seen: Mapping[int, SeenFile]) -> None:
    if not seen:
        return
    names = ("size_bytes", "modified_at", "seen_at")
    await work.connection.execute(
        update(dark_file)
        .where(_K.id == bindparam("the_id"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        [
            {
                "the_id": number,
                "new_size_bytes": file.size_bytes,
                "new_modified_at": _text(file.modified_at),
                "new_seen_at": work.at,
            }
            for number, file in seen.items()
        ],
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _row(storage_id: int, file: SeenFile, at: str) -> Json:
    return {
        "storage_id": storage_id,
        "path": file.path,
        "size_bytes": file.size_bytes,
        "modified_at": _text(file.modified_at),
        "found_at": at,
        "seen_at": at,
        "wanted_by": "",
        "because": "",
        "problem": "",
    }


async def end_sweep(work: Work, uid: str, began_at: datetime) -> None:
    """Store that a storage is swept: dark files that this sweep did not see are gone."""
    number = await number_of(work.connection, uid)
    gone = (_K.storage_id == number) & (_K.seen_at < _text(began_at))
    await work.connection.execute(delete(dark_file).where(gone))
    here = tables.storage.c.id == number
    await work.connection.execute(update(tables.storage).where(here).values(swept_at=work.at))


async def page_held(
    connection: AsyncConnection, uid: str, after: int, limit: int
) -> Page[HeldFile]:
    """Return files that should lie in one storage; raises ``NotFound``."""
    number = await number_of(connection, uid)
    query = select(_F.id, _F.uid, _F.path, _F.size_bytes).where(
        _F.storage_id == number, _F.state.in_(_HELD), _F.due.is_(None), _F.id > after
    )
    rows = (await connection.execute(query.order_by(_F.id).limit(limit))).all()
    return page_of(rows, limit, _held_file)


def _held_file(row: Row[Any]) -> HeldFile:
    return HeldFile(uid=row.uid, path=row.path, size_bytes=row.size_bytes)
