"""Dark files: on disk, and in no catalogue. They are listed, and deleted on an operator's word."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.files.storages import all_storages, number_of
from dsm.manager.inspection.sweeping import drop_dark, known_paths
from dsm.manager.inspection.tables import dark_file
from dsm.manager.reading import page_of, rows_where
from dsm.manager.work import Work
from penstock_core.contracts.base import Page
from penstock_core.contracts.inspection import DarkFile, DarkRemoval, DarkRequest
from penstock_core.errors import NotFound

_K = dark_file.c


async def page_dark(
    connection: AsyncConnection, uid: str, after: int, limit: int
) -> Page[DarkFile]:
    """Return dark files of one storage; raises ``NotFound``."""
    number = await number_of(connection, uid)
    query = _select_dark().where(_K.storage_id == number, _K.id > after)
    rows = (await connection.execute(query.order_by(_K.id).limit(limit))).all()
    return page_of(rows, limit, _dark_file)


def _select_dark() -> Any:
    uid = tables.storage.c.uid.label("storage_uid")
    return select(dark_file, uid).join(tables.storage)


def _dark_file(row: Row[Any]) -> DarkFile:
    values = dict(row._mapping) | {"storage_id": row.storage_uid}
    return DarkFile.model_validate({name: values[name] for name in DarkFile.model_fields})


async def want_gone(work: Work, uid: str, request: DarkRequest, by: str) -> None:
    """Have dark files deleted, all or none of them.

    Raises
    ------
    NotFound
        one of them is no dark file of this storage.
    """
    number = await number_of(work.connection, uid)
    query = select(_K.id).where(_K.storage_id == number)
    rows = rows_where(work.connection, query, _K.id, request.ids)
    there = {row.id async for row in rows}
    for wanted in request.ids:
        if wanted not in there:
            raise NotFound(
                f"There is no dark file {wanted} in this storage.",
                hint="It may be gone, or registered by now: GET /api/v1/storage/{uid}/dark.",
                facts={"id": wanted},
            )
    await work.connection.execute(
        update(dark_file)
        .where(_K.id == bindparam("the_id"))
        .values(wanted_by=by, because=request.because, problem=""),
        [{"the_id": wanted} for wanted in there],
    )


async def page_wanted(connection: AsyncConnection, after: int, limit: int) -> Page[DarkFile]:
    """Return dark files that are to be deleted; those that became known are passed over."""
    query = _select_dark().where(_K.wanted_by != "", _K.id > after)
    rows = (await connection.execute(query.order_by(_K.id).limit(limit))).all()
    page = page_of(rows, limit, _dark_file)
    storages = await all_storages(connection)
    known = set()
    for storage in storages:
        paths = [file.path for file in page.items if file.storage_id == storage.uid]
        found = await known_paths(connection, storages, storage, paths)
        known |= {(storage.uid, path) for path in found}
    items = tuple(file for file in page.items if (file.storage_id, file.path) not in known)
    return Page(items=items, next=page.next)


async def note_dark_removals(work: Work, removals: Sequence[DarkRemoval]) -> None:
    """Store what became of dark files: what is left is nobody's wish any more."""
    await drop_dark(work, [removal.id for removal in removals if removal.outcome == "removed"])
    for removal in removals:
        if removal.outcome != "removed":
            values = {"problem": removal.reason}
            if removal.outcome == "left":
                values["wanted_by"] = ""
            here = _K.id == removal.id
            await work.connection.execute(update(dark_file).where(here).values(**values))
