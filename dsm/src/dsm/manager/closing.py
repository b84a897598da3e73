"""The end of a dataset: announced by its producer, decided elsewhere, done and recorded here."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.datasets import change_dataset, dataset_rows
from dsm.manager.reading import no_dataset, the_dataset
from dsm.manager.registration import not_open
from dsm.manager.work import CLOSED, DELETED, Work
from penstock_core.contracts.base import Json
from penstock_core.contracts.dsm import (
    Announcement,
    CloseRequest,
    CloseResult,
    Dataset,
    LedgerRow,
    Outcome,
)
from penstock_core.errors import Conflict, PenstockError
from penstock_core.states import DATASET_MOVES, DatasetState, check_move


async def announce(work: Work, ends: Sequence[Announcement]) -> tuple[Outcome, ...]:
    """Store the ends that producers told, each by itself; return what became of each."""
    rows = await dataset_rows(work, [end.uid for end in ends])
    outcomes = []
    for end in ends:
        try:
            details = await _announce_one(work, rows.get(end.uid), end)
            outcomes.append(Outcome(key=end.uid, ok=True, details=details))
        except PenstockError as error:
            refused = Outcome(key=end.uid, ok=False, details=str(error), error=error.as_json())
            outcomes.append(refused)
    return tuple(outcomes)


async def _announce_one(work: Work, row: Row[Any] | None, end: Announcement) -> str:
    if row is None:
        raise no_dataset(end.uid)
    return await announce_end(work, row, end.files, end.producer)


async def announce_end(
    work: Work, row: Row[Any], files: int, producer: str, *, counted: bool = False
) -> str:
    """Store that ``producer`` made ``files`` files in this dataset, and makes no more.

    A new count replaces an older one while the dataset is open. ``counted`` marks one that nobody
    told, and that may still grow. Returns what to answer.

    Raises
    ------
    Conflict
        the dataset has closed on another count, or is deleted.
    """
    if row.announced != files and row.state != DatasetState.OPEN:
        raise not_open(row)
    told = (row.announced, row.announced_by, row.counted)
    if told != (files, producer, counted) and row.state == DatasetState.OPEN:
        await change_dataset(
            work,
            row,
            announced=files,
            announced_by=producer,
            announced_at=work.at,
            counted=counted,
            producer=row.producer or producer,
            revision=tables.dataset.c.revision + 1,
        )
    return f"The end of dataset {row.name} is announced, at {files} files; datasetId = {row.uid}"


async def close_datasets(
    work: Work, requests: Sequence[CloseRequest], actor: str
) -> tuple[CloseResult, ...]:
    """Close those that still are at the revision looked at; raises ``NotFound`` for one unknown."""
    rows = await dataset_rows(work, [request.uid for request in requests])
    results = []
    done: set[str] = set()
    for request in requests:
        row = rows.get(request.uid)
        if row is None:
            raise no_dataset(request.uid)
        outcome = "already" if request.uid in done else _may_close(row, request)
        if outcome == "closed":
            done.add(request.uid)
            await _close(work, row, request, actor)
        result = {"uid": row.uid, "outcome": outcome, "revision": row.revision}
        results.append(CloseResult.model_validate(result))
    return tuple(results)


def _may_close(row: Row[Any], request: CloseRequest) -> str:
    if row.state != DatasetState.OPEN:
        return "already"
    return "closed" if row.revision == request.revision else "stale"


async def _close(work: Work, row: Row[Any], request: CloseRequest, actor: str) -> None:
    """Close a dataset, write it into the ledger, and tell it: one transaction."""
    await work.connection.execute(
        update(tables.dataset)
        .where(tables.dataset.c.id == row.id)
        .values(
            state=DatasetState.CLOSED,
            closed_at=work.at,
            closed_because=request.because,
            closed_by=actor,
            incomplete=row.announced is not None and row.files < row.announced,
        )
    )
    await work.connection.execute(insert(tables.ledger), _ledger_row(work, row, request, actor))
    work.tell(CLOSED, row.uid)


def _ledger_row(work: Work, row: Row[Any], request: CloseRequest, actor: str) -> Json:
    return {
        "dataset_id": row.id,
        "at": work.at,
        "rule": request.rule,
        "because": request.because,
        "evidence": request.evidence,
        "actor": actor,
    }


async def force_close(work: Work, uid: str, because: str, actor: str) -> Dataset:
    """Close a dataset on somebody's word; one that is closed already stays as it is."""
    row = (await dataset_rows(work, [uid])).get(uid)
    if row is None:
        raise no_dataset(uid)
    if row.state == DatasetState.DELETED:
        raise Conflict(
            f"The dataset {row.name!r} is deleted.",
            hint="A deleted dataset takes no files and needs no closing.",
            facts={"uid": uid},
        )
    evidence = {"registered": row.files, "announced": row.announced}
    request = CloseRequest(
        uid=uid, revision=row.revision, rule="forced", because=because, evidence=evidence
    )
    await close_datasets(work, [request], actor)
    return await the_dataset(work.connection, uid)


async def delete_dataset(work: Work, row: Row[Any]) -> None:
    """Mark a dataset as deleted; its files stay where they are until the inspector takes them."""
    if row.state == DatasetState.DELETED:
        return
    what = f"Dataset {row.name}"
    check_move(DATASET_MOVES, DatasetState(row.state), DatasetState.DELETED, what)
    await change_dataset(work, row, state=DatasetState.DELETED)
    work.tell(DELETED, row.uid)


async def read_ledger(connection: AsyncConnection, uid: str) -> tuple[LedgerRow, ...]:
    """Return the closing ledger of a dataset, oldest first; raises ``NotFound``."""
    await the_dataset(connection, uid)
    columns = tables.ledger.c
    query = (
        select(columns.at, columns.rule, columns.because, columns.evidence, columns.actor)
        .join(tables.dataset, tables.dataset.c.id == columns.dataset_id)
        .where(tables.dataset.c.uid == uid)
        .order_by(columns.id)
    )
    rows = await connection.execute(query)
    return tuple(LedgerRow(uid=uid, **row._mapping) for row in rows)
