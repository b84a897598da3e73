"""Datasets: the list, and one with why it is closed or when it will be, its ledger and files."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from penstock_core.contracts.dsm import ContentFile, Contents, Dataset
from penstock_core.contracts.workflow import Task
from penstock_core.errors import NotFound
from penstock_core.media import is_image
from penstock_core.states import DatasetKind, DatasetState, TaskStatus
from template_manager.listing import LIMIT, DatasetListing, Listing
from template_manager.rendering import render
from template_manager.session import CurrentVisitor, Visitor

router = APIRouter()
PREVIEWS = 6
PREVIEW_BYTES = 4 << 20
_LOST = frozenset({TaskStatus.FAILED, TaskStatus.PARTIAL, TaskStatus.CANCELLED})


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
        "forecasts": await _forecasts(visitor, page.items),
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
        "forecast": (await _forecasts(visitor, [dataset])).get(uid),
        "dataset_parts": await visitor.storage.parts(uid),
        "relatives": await _relatives(visitor, dataset),
        "lost": await _lost_task(visitor, dataset),
        "previews": _previews(contents),
        "contents": contents,
        "has_more": len(contents.files) == LIMIT,
        "ledger": await visitor.storage.ledger(uid),
    }
    return render(request, "dataset.html", refresh=listing.refresh, **values)


async def _forecasts(visitor: Visitor, datasets: Sequence[Dataset]) -> dict[str, str]:
    """Return by uid when those of these datasets will close that are open."""
    uids = [one.uid for one in datasets if one.state is DatasetState.OPEN]
    return {found.uid: found.text for found in await visitor.storage.forecasts(uids)}


async def _relatives(visitor: Visitor, dataset: Dataset) -> list[Dataset]:
    """Return the others of its logical name, the oldest: the first, successors and deltas."""
    page = await visitor.storage.datasets(
        namespace=dataset.namespace, scope=dataset.scope, logical=dataset.logical or dataset.name
    )
    return [other for other in page.items if other.uid != dataset.uid]


async def _lost_task(visitor: Visitor, dataset: Dataset) -> Task | None:
    """Return the task whose end keeps ``dataset`` open, if that is what keeps it."""
    number = dataset.metadata.get("task")
    if dataset.state is not DatasetState.OPEN or dataset.kind is DatasetKind.INPUT:
        return None
    if not isinstance(number, int):
        return None
    try:
        task = await visitor.workflows.task(number)
    except NotFound:
        return None
    return task if task.status in _LOST else None


def _previews(contents: Contents) -> list[ContentFile]:
    """Return the first pictures that are small enough to show on the page."""
    fit = [f for f in contents.files if f.readable and is_image(f.name)]
    return [file for file in fit if file.size_bytes <= PREVIEW_BYTES][:PREVIEWS]
