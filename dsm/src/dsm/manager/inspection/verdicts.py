"""Files whose bytes are to be looked at, and what was found."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.files.file_states import Change, change_files, file_rows
from dsm.manager.inspection.headers import note_headers
from dsm.manager.inspection.standing import GIVEN_UP, Standing, after
from dsm.manager.inspection.tables import TROUBLED
from dsm.manager.reading import no_file, page_of, rows_where
from dsm.manager.work import Work
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.dsm import Outcome
from penstock_core.contracts.inspection import DueFile, FileVerdict, ToldStf, Verdict
from penstock_core.states import FileState

_F, _A, _R, _S = tables.file.c, tables.attachment.c, tables.run.c, tables.stf.c


async def page_due(
    connection: AsyncConnection, storage_id: int, after: int, limit: int
) -> Page[DueFile]:
    """Return files of one storage, by its number, that somebody wishes to be looked at."""
    query = select(tables.file).where(
        _F.storage_id == storage_id, _F.due.is_not(None), _F.id > after
    )
    rows = (await connection.execute(query.order_by(_F.id).limit(limit))).all()
    told = await _told(connection, rows)
    return page_of(rows, limit, lambda row: _due_file(row, told.get(row.id)))


async def _told(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[int, ToldStf]:
    """Return what the DAQ told of those files that are STFs, by the file's number."""
    query = (
        select(_A.file_id, _R.run, _S.sequence)
        .join(tables.file, _F.id == _A.file_id)
        .join(tables.run, _R.dataset_id == _A.dataset_id)
        .join(tables.stf, (_S.run_id == _R.id) & (_S.filename == _F.name))
    )
    found = rows_where(connection, query, _A.file_id, [row.id for row in rows])
    return {row.file_id: ToldStf(run=row.run, sequence=row.sequence) async for row in found}


def _due_file(row: Row[Any], stf: ToldStf | None) -> DueFile:
    values = row._mapping
    named = {name: values[name] for name in DueFile.model_fields if name != "stf"}
    return DueFile(**named, stf=stf)


async def wish_looks(work: Work, uids: Sequence[str]) -> None:
    """Have the bytes of these files looked at; those unknown or given up are passed over."""
    rows = await file_rows(work, uids)
    lasting = [row for row in rows.values() if row.state not in GIVEN_UP]
    await change_files(work, [Change(row, {"due": work.at}) for row in lasting])


async def apply_verdicts(
    work: Work, verdicts: Sequence[FileVerdict], by: str
) -> tuple[Outcome, ...]:
    """Store what was found, of each file the first verdict; return what became of each."""
    rows = await file_rows(work, [verdict.uid for verdict in verdicts])
    first = {v.uid: v for v in reversed(verdicts) if v.uid in rows}
    lasting = [(rows[v.uid], v) for v in first.values() if rows[v.uid].state not in GIVEN_UP]
    changes = [_change(row, verdict, by, work.at) for row, verdict in lasting]
    await change_files(work, changes)
    right = [(row, v.header) for row, v in lasting if v.verdict is Verdict.FITS]
    await note_headers(work, right)
    states = {uid: row.state for uid, row in rows.items()}
    states |= {change.row.uid: change.values["state"] for change in changes}
    return tuple(_outcome(verdict.uid, states) for verdict in verdicts)


def _change(row: Row[Any], verdict: FileVerdict, by: str, at: str) -> Change:
    before = Standing(FileState(row.state), row.due, row.released_by, row.reason)
    now = after(before, verdict, at)
    if verdict.verdict is Verdict.UNREADABLE:
        return Change(row, asdict(now))
    is_told = verdict.look_again or before.state in TROUBLED or now.state in TROUBLED
    check = story_row(row, verdict.verdict, by, at, verdict) if is_told else None
    return Change(row, asdict(now) | {"checked_at": at}, check)


def story_row(row: Row[Any], what: str, by: str, at: str, found: FileVerdict | str) -> Json:
    """Return an entry for the story of a file: what was found, or why somebody decided."""
    if isinstance(found, str):
        facts: Json = {"reason": found, "size_bytes": None, "checksum": ""}
    else:
        facts = found.model_dump(include={"reason", "size_bytes", "checksum"})
    return facts | {"file_id": row.id, "at": at, "by": by, "what": what}


def _outcome(uid: str, states: dict[str, str]) -> Outcome:
    if uid in states:
        return Outcome(key=uid, ok=True, details=states[uid])
    error = no_file(uid)
    return Outcome(key=uid, ok=False, details=str(error), error=error.as_json())
