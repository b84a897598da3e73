"""Services: how each one stands."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from penstock_core.contracts.services import ServiceState
from template_manager.listing import LIMIT, ServiceListing
from template_manager.rendering import render
from template_manager.session import CurrentVisitor

router = APIRouter()


@router.get("/services")
async def show_services(
    request: Request, visitor: CurrentVisitor, listing: Annotated[ServiceListing, Query()]
) -> Response:
    """Return the list."""
    page = await visitor.workflows.services(**listing.filters, after=listing.after, limit=LIMIT)
    values: dict[str, Any] = {"listing": listing, "page": page, "states": list(ServiceState)}
    return render(request, "services.html", refresh=listing.refresh, **values)
