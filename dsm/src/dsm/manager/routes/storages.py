"""How storages are used, and what lies in them that nobody knows."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from dsm.manager.inspection import dark, sweeping, usage
from dsm.manager.routes.common import MOST_ITEMS, V1, After, Limit, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.base import Page
from penstock_core.contracts.inspection import (
    DarkFile,
    DarkRemoval,
    DarkRequest,
    HeldFile,
    SeenFile,
    StorageSample,
    StorageUse,
    SweepEnd,
)
from penstock_core.web import Operator, Reader, ServiceCaller

router = APIRouter(prefix=f"{V1}/storage", tags=["storages"])


@router.get("/usage")
async def list_usage(store: TheStore, _caller: Reader) -> tuple[StorageUse, ...]:
    """Return how each storage is used, and when it is full."""
    async with store.read() as connection:
        return await usage.read_uses(connection)


@router.post("/usage")
async def store_samples(
    store: TheStore,
    _caller: ServiceCaller,
    samples: Annotated[list[StorageSample], Field(max_length=MOST_ITEMS)],
) -> tuple[StorageUse, ...]:
    """Store how full storages are; return how each is used."""
    async with begin_work(store) as work:
        await usage.store_samples(work, samples)
        return await usage.read_uses(work.connection)


@router.get("/dark/wanted")
async def list_wanted(
    store: TheStore, _caller: ServiceCaller, after: After = 0, limit: Limit = 500
) -> Page[DarkFile]:
    """Return a page of dark files that are to be deleted."""
    async with store.read() as connection:
        return await dark.page_wanted(connection, after, limit)


@router.post("/dark/removed", status_code=204)
async def note_dark_removals(
    store: TheStore,
    _caller: ServiceCaller,
    removals: Annotated[list[DarkRemoval], Field(max_length=MOST_ITEMS)],
) -> None:
    """Store what became of dark files that were to be deleted."""
    async with begin_work(store) as work:
        await dark.note_dark_removals(work, removals)


@router.get("/{uid}/usage")
async def get_history(
    store: TheStore,
    _caller: Reader,
    uid: str,
    since: Annotated[datetime | None, Query(description="Only samples after this moment")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> tuple[StorageSample, ...]:
    """Return the samples of one storage, oldest first."""
    async with store.read() as connection:
        return await usage.read_history(connection, uid, since, limit)


@router.get("/{uid}/dark")
async def list_dark(
    store: TheStore, _caller: Reader, uid: str, after: After = 0, limit: Limit = 100
) -> Page[DarkFile]:
    """Return a page of files that lie in one storage and are registered nowhere."""
    async with store.read() as connection:
        return await dark.page_dark(connection, uid, after, limit)


@router.post("/{uid}/dark/delete", status_code=204)
async def want_gone(store: TheStore, caller: Operator, uid: str, request: DarkRequest) -> None:
    """Have dark files deleted, all or none of these."""
    async with begin_work(store) as work:
        await dark.want_gone(work, uid, request, caller.subject)


@router.get("/{uid}/held")
async def list_held(
    store: TheStore, _caller: ServiceCaller, uid: str, after: After = 0, limit: Limit = 1000
) -> Page[HeldFile]:
    """Return a page of files that should lie in one storage."""
    async with store.read() as connection:
        return await sweeping.page_held(connection, uid, after, limit)


@router.post("/{uid}/seen")
async def note_seen(
    store: TheStore,
    _caller: ServiceCaller,
    uid: str,
    seen: Annotated[list[SeenFile], Field(max_length=MOST_ITEMS)],
) -> int:
    """Store which of the files that a sweep saw are dark; return how many are."""
    async with begin_work(store) as work:
        return await sweeping.note_seen(work, uid, seen)


@router.post("/{uid}/swept", status_code=204)
async def end_sweep(store: TheStore, _caller: ServiceCaller, uid: str, end: SweepEnd) -> None:
    """Store that a storage is swept; dark files that this sweep did not see are gone."""
    async with begin_work(store) as work:
        await sweeping.end_sweep(work, uid, end.began_at)
