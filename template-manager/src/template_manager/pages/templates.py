"""Templates: the list, and one version with its steps, its picture and its documents."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from penstock_core.rights import Right
from penstock_core.states import TemplateStatus
from template_manager.chart import lay_out
from template_manager.listing import LIMIT, TemplateListing
from template_manager.pages.values import asked
from template_manager.rendering import render
from template_manager.session import CurrentVisitor

router = APIRouter()


@router.get("/templates")
async def show_templates(
    request: Request, visitor: CurrentVisitor, listing: Annotated[TemplateListing, Query()]
) -> Response:
    """Return the list."""
    page = await visitor.workflows.templates(**listing.filters, after=listing.after, limit=LIMIT)
    values: dict[str, Any] = {"listing": listing, "page": page, "statuses": list(TemplateStatus)}
    return render(request, "templates.html", refresh=listing.refresh, **values)


@router.get("/templates/{template_id}")
async def show_template(request: Request, visitor: CurrentVisitor, template_id: int) -> Response:
    """Return one version."""
    template = await visitor.workflows.template(template_id)
    recipe = await visitor.workflows.recipe(template.recipe_digest)
    chart = lay_out(recipe["steps"], " or ".join(template.masks))
    form = (await visitor.workflows.parameters(template_id)).form
    values: dict[str, Any] = {
        "template": template,
        "recipe": recipe,
        "chart": chart,
        "inputs": asked(template, form, {}),
        "may_change": Right.WRITE_TEMPLATES in visitor.identity.rights,
    }
    return render(request, "template.html", **values)
