"""Templates: SPD's paths with SPD's rows, and ours with all that is known."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from data_access.compiling import read_recipe
from data_access.context import Context, Here
from data_access.paging import After, Fetch, Limit, MaybeLimit, Number, bare_array, page
from data_access.template_rows import (
    read_template,
    rich_template,
    spd_template,
    templates_after,
)
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.workflow import NewTemplate, SpdTemplate, Template, TemplateChange
from penstock_core.contracts.workflow.parameters import Parameters
from penstock_core.states import TemplateStatus
from penstock_core.web import Expert, Reader
from recipe.model import Recipe
from recipe.parameters import parameters_of

router = APIRouter(prefix="/template", tags=["template"])


@router.get("/all", response_model=list[SpdTemplate])
async def all_templates(
    here: Here, _: Reader, after: After = 0, limit: MaybeLimit = None
) -> StreamingResponse:
    """Return all template versions."""
    return bare_array(_fetch(here), after, limit, lambda row: row.template_id)


@router.get("/actual", response_model=list[SpdTemplate])
async def actual_templates(
    here: Here, _: Reader, after: After = 0, limit: MaybeLimit = None
) -> StreamingResponse:
    """Return the template versions that are ACTUAL."""
    actual = _fetch(here, TemplateStatus.ACTUAL)
    return bare_array(actual, after, limit, lambda row: row.template_id)


def _fetch(here: Context, status: str = "") -> Fetch[SpdTemplate]:
    async def fetch(after: int, limit: int) -> list[SpdTemplate]:
        async with here.store.read() as connection:
            rows = await connection.execute(templates_after(after, limit, status=status))
            return [spd_template(row) for row in rows.mappings()]

    return fetch


@router.get("")
async def page_of_templates(
    here: Here,
    _: Reader,
    status: TemplateStatus | None = None,
    name: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[Template]:
    """Return a page of template versions with all that is known."""
    query = templates_after(after, limit, status=status or "", name=name)
    async with here.store.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return page([rich_template(row) for row in rows], limit, lambda row: row.template_id)


@router.post("/create", status_code=201)
async def create_template(here: Here, caller: Expert, body: NewTemplate) -> SpdTemplate:
    """Compile and store a new template."""
    return spd_template(await here.templates.create(body, caller.subject))


@router.post("/check")
async def check_template(here: Here, _: Expert, body: NewTemplate) -> Json:
    """Compile a template and store nothing: its recipe, digest, parameters, warnings."""
    return await here.templates.check(body)


@router.get("/{template_id}")
async def one_template(here: Here, _: Reader, template_id: Number) -> SpdTemplate:
    """Return one template version."""
    async with here.store.read() as connection:
        return spd_template(await read_template(connection, template_id))


@router.get("/{template_id}/detail")
async def template_detail(here: Here, _: Reader, template_id: Number) -> Template:
    """Return one template version with all that is known."""
    async with here.store.read() as connection:
        return rich_template(await read_template(connection, template_id))


@router.get("/{template_id}/standard")
async def standard(here: Here, _: Reader, template_id: Number) -> Any:
    """Return the standard CWL that the template means; for standard CWL, itself."""
    async with here.store.read() as connection:
        row = await read_template(connection, template_id)
        recipe = await read_recipe(connection, row["recipe_digest"])
    return recipe["standard"] or row["description"]


@router.get("/{template_id}/parameters")
async def parameters(here: Here, _: Reader, template_id: Number) -> Parameters:
    """Return what a template version asks for: a JSON Schema of its values, and a form."""
    async with here.store.read() as connection:
        row = await read_template(connection, template_id)
        body = await read_recipe(connection, row["recipe_digest"])
    return parameters_of(Recipe.model_validate(body).inputs)


@router.put("/{template_id}/change")
async def change_template(
    here: Here, caller: Expert, template_id: Number, body: TemplateChange
) -> SpdTemplate:
    """Change a status, or make a new version with a new id; return what results."""
    return spd_template(await here.templates.change(template_id, body, caller.subject))


@router.post("/{template_id}/rollback")
async def roll_back(here: Here, _: Expert, template_id: Number) -> SpdTemplate:
    """Make the version ACTUAL again that was so before this one; return it."""
    return spd_template(await here.templates.roll_back(template_id))


@router.delete("/{template_id}/delete")
async def delete_template(here: Here, _: Expert, template_id: Number) -> dict[str, int]:
    """Delete a version that made no workflow."""
    await here.templates.delete(template_id)
    return {"template_id": template_id}
