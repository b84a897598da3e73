"""Deletion: of datasets on somebody's word, then of their files, then of the files' bytes.

A file is given up when no dataset that lives holds it. That is stored before any bytes are
removed, and that they are gone is stored after: whoever is killed between finds them gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.closing.ledger import LedgerEntry, write_ledger
from dsm.manager.datasets import change_dataset, dataset_rows
from dsm.manager.files.file_states import Change, change_files, file_rows
from dsm.manager.reading import no_dataset, page_of, rows_where, the_dataset
from dsm.manager.work import DELETED, Work
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.inspection import DoomedFile, Removal
from penstock_core.states import DATASET_MOVES, DatasetState, FileState, check_move

BATCH = 1000
_D, _F, _A = tables.dataset.c, tables.file.c, tables.attachment.c


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a dataset is deleted, as the ledger keeps it: the rule, the reason, and who."""

    rule: str
    because: str
    actor: str
    evidence: Json = field(default_factory=dict)


async def delete_by_hand(work: Work, uid: str, because: str, actor: str) -> Dataset:
    """Delete a dataset on somebody's word; raises ``NotFound``."""
    row = (await dataset_rows(work, [uid])).get(uid)
    if row is None:
        raise no_dataset(uid)
    await delete_dataset(work, row, Asked("deleted", because, actor))
    return await the_dataset(work.connection, uid)


async def delete_dataset(work: Work, row: Row[Any], asked: Asked) -> None:
    """Mark a dataset as deleted, with a row in its ledger; its files follow batch by batch."""
    if row.state == DatasetState.DELETED:
        return
    what = f"Dataset {row.name}"
    check_move(DATASET_MOVES, DatasetState(row.state), DatasetState.DELETED, what)
    await change_dataset(work, row, state=DatasetState.DELETED, review_at=None)
    evidence = {"files": row.files, "size_bytes": row.size_bytes} | asked.evidence
    entry = LedgerEntry(row.id, asked.rule, asked.because, evidence, asked.actor)
    await write_ledger(work, [entry])
    work.tell(DELETED, row.uid)


async def purge(work: Work) -> bool:
    """Give up a batch of the files of deleted datasets; return whether there was any to do."""
    open_ones = select(tables.dataset).where(
        _D.state == DatasetState.DELETED, _D.purged_at.is_(None)
    )
    row = (await work.connection.execute(open_ones.order_by(_D.id).limit(1))).first()
    if row is None:
        return False
    held = await _held_after(work, row.id, row.purged_to)
    alive = await _alive(work, [file.id for file in held])
    doomed = [f for f in held if f.id not in alive and f.state != FileState.DELETED]
    await change_files(work, [Change(file, _given_up(file, work.at)) for file in doomed])
    done = len(held) < BATCH
    values: Json = {"purged_to": held[-1].position if held else row.purged_to}
    values["purged_at"] = work.at if done else None
    await work.connection.execute(update(tables.dataset).where(_D.id == row.id).values(**values))
    return True


async def _held_after(work: Work, dataset_id: int, position: int) -> Sequence[Row[Any]]:
    query = (
        select(tables.file, _A.position)
        .join(tables.attachment, _A.file_id == _F.id)
        .where(_A.dataset_id == dataset_id, _A.position > position)
    )
    return (await work.connection.execute(query.order_by(_A.position).limit(BATCH))).all()


async def _alive(work: Work, numbers: Iterable[int]) -> set[int]:
    """Return which of these files a dataset holds that is not deleted."""
    query = (
        select(_A.file_id)
        .join(tables.dataset, _D.id == _A.dataset_id)
        .where(_D.state != DatasetState.DELETED)
    )
    rows = rows_where(work.connection, query, _A.file_id, numbers)
    return {row.file_id async for row in rows}


def _given_up(file: Row[Any], at: str) -> Json:
    """Return the new values of a file that is given up: of a lost one no bytes are left."""
    gone = at if file.state == FileState.LOST else None
    return {
        "state": FileState.DELETED,
        "due": None,
        "reason": "",
        "released_by": "",
        "removed_at": gone,
    }


async def page_doomed(connection: AsyncConnection, after: int, limit: int) -> Page[DoomedFile]:
    """Return deleted files whose bytes are still to be removed."""
    query = (
        select(_F.id, _F.uid, _F.name, _F.path, _F.reason, tables.storage.c.uid.label("storage_id"))
        .join(tables.storage)
        .where(_F.state == FileState.DELETED, _F.removed_at.is_(None), _F.id > after)
    )
    rows = (await connection.execute(query.order_by(_F.id).limit(limit))).all()
    return page_of(rows, limit, _doomed)


def _doomed(row: Row[Any]) -> DoomedFile:
    return DoomedFile(**{name: row._mapping[name] for name in DoomedFile.model_fields})


async def note_removals(work: Work, removals: Sequence[Removal]) -> None:
    """Store what became of the bytes of deleted files; what was told before stays."""
    rows = await file_rows(work, [removal.uid for removal in removals])
    changes = {}
    for removal in removals:
        row = rows.get(removal.uid)
        if row is None or row.state != FileState.DELETED or row.removed_at is not None:
            continue
        gone = None if removal.outcome == "failed" else work.at
        changes[row.id] = Change(
            row, {"state": row.state, "removed_at": gone} | {"reason": removal.reason}
        )
    await change_files(work, list(changes.values()))
