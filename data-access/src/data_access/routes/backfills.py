"""Backfills: previewed, confirmed, and followed; and what a version in the shadow would take."""

from typing import Annotated

from fastapi import APIRouter, Query

from data_access.backfill_preview import read_preview
from data_access.backfill_rows import read_backfill, read_backfill_rows, read_backfills
from data_access.backfills import confirm
from data_access.context import Here
from data_access.paging import After, Limit, Number, page
from data_access.shadow import read_shadow
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import (
    Backfill,
    BackfillDone,
    BackfillFilter,
    BackfillPreview,
    BackfillRequest,
    ShadowReport,
)
from penstock_core.web import Operator, Reader

router = APIRouter(tags=["history"])


@router.post("/template/{template_id}/backfill/preview")
async def preview_backfill(
    here: Here, _: Operator, template_id: Number, body: BackfillFilter
) -> BackfillPreview:
    """Return which old datasets a version would take; nothing is done."""
    async with here.store.read() as connection:
        preview, _new = await read_preview(connection, template_id, body)
    return preview


@router.post("/template/{template_id}/backfill", status_code=201)
async def confirm_backfill(
    here: Here, caller: Operator, template_id: Number, body: BackfillRequest
) -> Backfill:
    """Have a version take exactly what a preview said; refused if that is no longer true."""
    made = await confirm(here.store, template_id, body, caller.subject)
    here.backfills.wake()
    return made


@router.get("/template/{template_id}/shadow")
async def shadow_report(
    here: Here,
    _: Reader,
    template_id: Number,
    after: Annotated[str, Query(max_length=64, description="The last uid that was read.")] = "",
    limit: Limit = 100,
) -> ShadowReport:
    """Return what a version would have taken while in the shadow, against the ACTUAL one."""
    async with here.store.read() as connection:
        return await read_shadow(connection, template_id, after, limit)


@router.get("/backfill")
async def page_of_backfills(
    here: Here, _: Reader, template: int | None = None, after: After = 0, limit: Limit = 100
) -> Page[Backfill]:
    """Return a page of backfills with how far they are."""
    async with here.store.read() as connection:
        rows = await read_backfills(connection, template, after, limit)
    return page(rows, limit, lambda row: row.backfill_id)


@router.get("/backfill/{backfill_id}")
async def one_backfill(here: Here, _: Reader, backfill_id: Number) -> Backfill:
    """Return how far a backfill is."""
    async with here.store.read() as connection:
        return await read_backfill(connection, backfill_id)


@router.get("/backfill/{backfill_id}/row")
async def rows_of_backfill(
    here: Here, _: Reader, backfill_id: Number, after: After = 0, limit: Limit = 100
) -> Page[BackfillDone]:
    """Return a page of a backfill's rows, in the order of its preview."""
    async with here.store.read() as connection:
        await read_backfill(connection, backfill_id)
        rows = await read_backfill_rows(connection, backfill_id, after, limit)
    return page(rows, limit, lambda row: row.number)
