"""Datasets: making, listing, contents, and their end."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from dsm.manager import datasets, queries
from dsm.manager.closing import agenda, ends, evidence
from dsm.manager.closing.ledger import read_ledger
from dsm.manager.closing.parts import read_parts
from dsm.manager.files.contents import contents_news, read_contents
from dsm.manager.inspection import deletion, lifetimes
from dsm.manager.presence import those_there
from dsm.manager.reading import dataset_row, datasets_by_uid, the_dataset
from dsm.manager.routes.common import MOST_ITEMS, V1, After, Limit, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.base import Frozen, Page
from penstock_core.contracts.closing import ClosingPage, Deferral, Forecast, Part
from penstock_core.contracts.dsm import (
    Announcement,
    CloseRequest,
    CloseResult,
    Contents,
    ContentsNews,
    Dataset,
    LedgerRow,
    NewDataset,
    Outcome,
    ReadTo,
    Wanted,
)
from penstock_core.states import DatasetKind, DatasetState
from penstock_core.web import Operator, OperatorOrService, Reader, ServiceCaller

router = APIRouter(prefix=f"{V1}/dataset", tags=["datasets"])


class Reason(Frozen):
    """Why an operator closes or deletes a dataset; it goes into the ledger."""

    because: str = Field(min_length=1, max_length=1000)


@router.post("")
async def create_datasets(
    store: TheStore,
    caller: OperatorOrService,
    wanted: Annotated[list[NewDataset], Field(max_length=MOST_ITEMS)],
) -> tuple[Dataset, ...]:
    """Return these datasets in the order given, made where they were not there: all or none."""
    for new in wanted:
        datasets.check_new(new)
    async with begin_work(store) as work:
        rows = await datasets.ensure_datasets(work, wanted)
        uids = [datasets.uid_of(new) for new in wanted]
        for new, uid in zip(wanted, uids, strict=True):
            if error := datasets.kind_differs(new, rows[uid]):
                raise error
        made = await datasets_by_uid(work.connection, uids)
    return tuple(made[uid] for uid in uids)


@router.get("")
async def list_datasets(
    store: TheStore,
    _caller: Reader,
    name: str = "",
    namespace: str = "",
    scope: str = "",
    logical: str = "",
    state: DatasetState | None = None,
    kind: DatasetKind | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> Page[Dataset]:
    """Return a page of datasets; ``name`` is a glob of ``*``, ``?`` and ``[ab]``.

    ``logical`` gives a dataset with its successors and deltas.
    """
    equal = {"namespace": namespace, "scope": scope, "state": state or "", "kind": kind or ""}
    equal["logical"] = logical
    async with store.read() as connection:
        return await queries.page_datasets(connection, name=name, after=after, limit=limit, **equal)


@router.post("/there")
async def ask_for_datasets(
    store: TheStore,
    _caller: Reader,
    wanted: Annotated[list[Wanted], Field(max_length=MOST_ITEMS)],
) -> tuple[Wanted, ...]:
    """Return those of the wanted datasets that are there."""
    async with store.read() as connection:
        return await those_there(connection, wanted)


@router.post("/announce")
async def announce(
    store: TheStore,
    _caller: ServiceCaller,
    told: Annotated[list[Announcement], Field(max_length=MOST_ITEMS)],
) -> tuple[Outcome, ...]:
    """Store that producers have ended, each with its count."""
    async with begin_work(store) as work:
        return await ends.announce(work, told)


@router.post("/news")
async def list_news(
    store: TheStore,
    _caller: Reader,
    read: Annotated[list[ReadTo], Field(max_length=MOST_ITEMS)],
) -> ContentsNews:
    """Return which of these datasets hold more than was read of them, or are closed."""
    async with store.read() as connection:
        return await contents_news(connection, read)


@router.get("/closing")
async def list_closing(
    store: TheStore, _caller: Reader, after: After = 0, limit: Limit = 500
) -> ClosingPage:
    """Return the evidence on what may close now: open inputs, others whose producer has ended."""
    async with store.read() as connection:
        return await evidence.page_evidence(connection, after, limit)


@router.put("/closing", status_code=204)
async def defer_closing(
    store: TheStore,
    _caller: ServiceCaller,
    deferrals: Annotated[list[Deferral], Field(max_length=MOST_ITEMS)],
) -> None:
    """Leave datasets alone, until a time or until something changes, that nothing is due on."""
    async with begin_work(store) as work:
        await agenda.defer(work, deferrals)


@router.get("/forecast")
async def list_forecasts(
    store: TheStore, _caller: Reader, uid: Annotated[list[str], Query(max_length=500)]
) -> tuple[Forecast, ...]:
    """Return when those of these datasets will close that are open, and on what evidence."""
    async with store.read() as connection:
        return await evidence.forecasts(connection, uid)


@router.post("/close")
async def close_datasets(
    store: TheStore,
    caller: ServiceCaller,
    requests: Annotated[list[CloseRequest], Field(max_length=MOST_ITEMS)],
) -> tuple[CloseResult, ...]:
    """Close datasets that still are at the revision that was looked at."""
    async with begin_work(store) as work:
        return await ends.close_datasets(work, requests, caller.subject)


@router.post("/expire")
async def expire(store: TheStore, caller: ServiceCaller) -> bool:
    """Delete a batch of datasets past their lifetime; return whether there may be more."""
    async with begin_work(store) as work:
        return await lifetimes.expire(work, caller.subject)


@router.post("/purge")
async def purge(store: TheStore, _caller: ServiceCaller) -> bool:
    """Give up a batch of the files of deleted datasets; return whether there was any to do."""
    async with begin_work(store) as work:
        return await deletion.purge(work)


@router.get("/{uid}")
async def get_dataset(store: TheStore, _caller: Reader, uid: str) -> Dataset:
    """Return one dataset."""
    async with store.read() as connection:
        return await the_dataset(connection, uid)


@router.get("/{uid}/contents")
async def get_contents(
    store: TheStore,
    _caller: Reader,
    uid: str,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Contents:
    """Return a dataset's files after a position, with its state, as one snapshot."""
    async with store.read() as connection:
        return await read_contents(connection, uid, after, limit)


@router.get("/{uid}/ledger")
async def get_ledger(store: TheStore, _caller: Reader, uid: str) -> tuple[LedgerRow, ...]:
    """Return the closing ledger of a dataset, oldest first."""
    async with store.read() as connection:
        return await read_ledger(connection, uid)


@router.get("/{uid}/parts")
async def get_parts(store: TheStore, _caller: Reader, uid: str) -> tuple[Part, ...]:
    """Return the parts of a dataset, by position; one of few files is its own only part."""
    async with store.read() as connection:
        return await read_parts(connection, await dataset_row(connection, uid))


@router.post("/{uid}/close")
async def force_close(store: TheStore, caller: Operator, uid: str, reason: Reason) -> Dataset:
    """Close a dataset on the caller's word, whatever was announced."""
    async with begin_work(store) as work:
        return await ends.force_close(work, uid, reason.because, caller.subject)


@router.post("/{uid}/delete")
async def delete_dataset(store: TheStore, caller: Operator, uid: str, reason: Reason) -> Dataset:
    """Delete a dataset; its files, as far as no other one holds them, are removed from disk."""
    async with begin_work(store) as work:
        return await deletion.delete_by_hand(work, uid, reason.because, caller.subject)
