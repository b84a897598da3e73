"""Datasets: the list, and one with why it is closed or open, its ledger and its files."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from penstock_core.states import DatasetKind, DatasetState
from template_manager.listing import LIMIT, DatasetListing, Listing
from template_manager.rendering import render
from template_manager.session import CurrentVisitor

router = APIRouter()


@router.get("/datasets")
async def show_datasets(
    request: Request, visitor: CurrentVisitor, listing: Annotated[DatasetListing, Query()]
) -> Response:
    """Return the list."""
    page = await visitor.storage.datasets(**listing.filters, after=listing.after, limit=LIMIT)
    states = [state for state in DatasetState if state is not DatasetState.DEFINED]
    values: dict[str, Any] = {
        "listing": listing,
        "page": page,
        "states": states,
        "kinds": list(DatasetKind),
    }
    return render(request, "datasets.html", refresh=listing.refresh, **values)


@router.get("/datasets/{uid}")
async def show_dataset(
    request: Request, visitor: CurrentVisitor, uid: str, listing: Annotated[Listing, Query()]
) -> Response:
    """Return one dataset; the query pages its files."""
    dataset = await visitor.storage.dataset(uid)
    contents = await visitor.storage.contents(uid, after=listing.after, limit=LIMIT)
    values: dict[str, Any] = {
        "listing": listing,
        "dataset": dataset,
        "contents": contents,
        "has_more": len(contents.files) == LIMIT,
        "ledger": await visitor.storage.ledger(uid),
    }
    return render(request, "dataset.html", refresh=listing.refresh, **values)
