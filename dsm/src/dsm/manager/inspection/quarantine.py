"""Files in trouble: their page with the whole story, and what operators decide on them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.files.file_states import Change, change_files, file_rows
from dsm.manager.files.holders import holders_of
from dsm.manager.inspection.tables import TROUBLED, file_check
from dsm.manager.inspection.verdicts import story_row
from dsm.manager.reading import file_of, no_file, page_of, rows_where, select_files
from dsm.manager.work import Work
from penstock_core.contracts.base import Page
from penstock_core.contracts.dsm import File
from penstock_core.contracts.inspection import FileCheck, FileDetails, FileRequest
from penstock_core.errors import Conflict
from penstock_core.states import FileState

_F = tables.file.c


async def page_troubled(
    connection: AsyncConnection, *, state: str, namespace: str, after: int, limit: int
) -> Page[FileDetails]:
    """Return files in quarantine and lost ones, each with its story; "" is any."""
    query = select_files().where(_F.state.in_(TROUBLED), _F.id > after)
    if state:
        query = query.where(_F.state == state)
    if namespace:
        query = query.where(_F.namespace == namespace)
    rows = (await connection.execute(query.order_by(_F.id).limit(limit))).all()
    details = dict(zip([row.id for row in rows], await _details(connection, rows), strict=True))
    return page_of(rows, limit, lambda row: details[row.id])


async def the_details(connection: AsyncConnection, uid: str) -> FileDetails:
    """Return one file with its story and its datasets; raises ``NotFound``."""
    rows = (await connection.execute(select_files().where(_F.uid == uid))).all()
    if not rows:
        raise no_file(uid)
    (details,) = await _details(connection, rows)
    return details


async def _details(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[FileDetails]:
    numbers = [row.id for row in rows]
    checks: dict[int, list[FileCheck]] = defaultdict(list)
    query = select(file_check).order_by(file_check.c.id)
    async for row in rows_where(connection, query, file_check.c.file_id, numbers):
        values = row._mapping
        checks[row.file_id].append(FileCheck(**{n: values[n] for n in FileCheck.model_fields}))
    held = await holders_of(connection, numbers)
    return [
        FileDetails(file=file_of(row), checks=tuple(checks[row.id]), datasets=held[row.id])
        for row in rows
    ]


async def release_files(work: Work, request: FileRequest, by: str) -> tuple[File, ...]:
    """Let files out of quarantine if the next look finds them right; look for lost ones again.

    Raises
    ------
    Conflict
        one of them is in no trouble.
    """
    rows = await _rows(work, request)
    changes = []
    for row in rows:
        if row.state not in TROUBLED:
            raise _not_in_trouble(row)
        lost = row.state == FileState.LOST
        state = FileState.REGISTERED if lost else FileState.QUARANTINED
        check = story_row(row, "released", by, work.at, request.because)
        values = {"state": state, "due": work.at, "released_by": "" if lost else by}
        changes.append(Change(row, values, check))
    await change_files(work, changes)
    return await _files(work, request)


async def declare_lost(work: Work, request: FileRequest, by: str) -> tuple[File, ...]:
    """Give files up on an operator's word; raises ``IllegalMove`` for one that is deleted."""
    changes = [
        Change(
            row,
            {
                "state": FileState.LOST,
                "due": None,
                "released_by": "",
                "reason": f"Declared lost: {request.because}",
            },
            story_row(row, "declared lost", by, work.at, request.because),
        )
        for row in await _rows(work, request)
        if row.state != FileState.LOST
    ]
    await change_files(work, changes)
    return await _files(work, request)


async def _rows(work: Work, request: FileRequest) -> list[Row[Any]]:
    rows = await file_rows(work, request.uids)
    for uid in request.uids:
        if uid not in rows:
            raise no_file(uid)
    return list(rows.values())


async def _files(work: Work, request: FileRequest) -> tuple[File, ...]:
    rows = rows_where(work.connection, select_files(), _F.uid, request.uids)
    found = {row.uid: file_of(row) async for row in rows}
    return tuple(found[uid] for uid in dict.fromkeys(request.uids))


def _not_in_trouble(row: Row[Any]) -> Conflict:
    return Conflict(
        f"The file {row.name!r} is {row.state}: neither in quarantine nor lost.",
        hint="GET /api/v1/file/quarantine lists those that are.",
        facts={"uid": row.uid, "state": row.state},
    )
