"""From a template's content to its recipe, by the compiler that the house runs."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import insert_into
from data_access.content import Content
from data_access.schema import recipe as recipe_table
from penstock_core.contracts.base import Json
from penstock_core.errors import InvalidTemplate, NotFound
from recipe.compiler import CompileRequest
from recipe.digest import recipe_digest
from recipe.model import Recipe

LONGEST_STEP = 200
HIGHEST_RANK = 1_000_000


class Compiler(Protocol):
    """Turns documents into a recipe; ``recipe.compiler.WarmCompiler`` is the real one."""

    async def __call__(self, request: CompileRequest, /) -> Recipe:
        """Return the recipe; raises ``InvalidTemplate`` with diagnostics."""
        ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """Content with what it compiled to."""

    content: Content
    recipe: Recipe
    digest: str


async def compile_content(compiler: Compiler, content: Content) -> Compiled:
    """Return the content compiled, its bound input named; raises ``InvalidTemplate``."""
    recipe = await compiler(
        CompileRequest(
            documents=content.documents,
            main=content.main,
            input=content.input,
            masks=content.masks,
            values=content.values,
            value_ranges=content.value_ranges,
        )
    )
    _require_values(recipe, content)
    _require_bounds(recipe)
    return Compiled(content, recipe, recipe_digest(recipe))


def _require_values(recipe: Recipe, content: Content) -> None:
    given = {*content.values, *content.value_ranges}
    missing = [i.name for i in recipe.inputs if i.required and i.name not in given]
    if missing:
        raise InvalidTemplate(
            f"Workflow input {missing[0]} has neither a default nor a value.",
            hint=f"Give values for: {', '.join(missing)}.",
            field=f"values.{missing[0]}",
            facts={"missing": missing, "diagnostics": []},
        )


def _require_bounds(recipe: Recipe) -> None:
    """Refuse here what the tables would refuse later, when a dataset waits for it."""
    for step in recipe.steps:
        if len(step.name) > LONGEST_STEP or step.rank > HIGHEST_RANK:
            raise InvalidTemplate(
                f"Step {step.name[:40]}: its name is too long or its rank too high.",
                hint=f"At most {LONGEST_STEP} characters; rank at most {HIGHEST_RANK}.",
                facts={"diagnostics": []},
            )


async def store_recipe(connection: AsyncConnection, digest: str, recipe: Recipe) -> None:
    """Store a recipe under its digest; it may be there already."""
    change = insert_into(connection, recipe_table).on_conflict_do_nothing()
    await connection.execute(change, [{"digest": digest, "body": recipe.model_dump(mode="json")}])


async def read_recipe(connection: AsyncConnection, digest: str) -> Json:
    """Return a recipe as JSON; raises ``NotFound``."""
    query = select(recipe_table.c.body).where(recipe_table.c.digest == digest)
    body: Json | None = await connection.scalar(query)
    if body is None:
        raise NotFound(
            f"There is no recipe {digest}.",
            hint="A template's recipe_digest names it: GET /template/{id}/detail.",
        )
    return body
