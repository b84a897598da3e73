"""A template that takes outputs is refused where it could come to take its own."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.compiling import read_recipe
from data_access.content import Content, selector_of
from data_access.template_rows import contents
from data_access.versions import read_versions
from penstock_core.errors import InvalidMask
from penstock_core.states import TemplateStatus
from recipe.feeding import Loop, Node, find_loop, node_of
from recipe.model import Recipe


async def refuse_loops(connection: AsyncConnection, content: Content, recipe: Recipe) -> None:
    """Raise ``InvalidMask`` if this template, with those in force, could feed itself."""
    if not content.takes_outputs:
        return
    start = node_of(content.name, selector_of(content), recipe)
    others = await _others(connection, content.name)
    loop = await asyncio.to_thread(find_loop, start, others)
    if loop is not None:
        raise _refusal(content.name, loop)


async def refuse_stored_loops(
    connection: AsyncConnection, content: Content, digest: str, status: TemplateStatus
) -> None:
    """Raise ``InvalidMask`` if a stored version could feed itself once it has ``status``."""
    if content.takes_outputs and status in (TemplateStatus.ACTUAL, TemplateStatus.SHADOW):
        recipe = Recipe.model_validate(await read_recipe(connection, digest))
        await refuse_loops(connection, content, recipe)


async def _others(connection: AsyncConnection, name: str) -> list[Node]:
    stored = await contents(connection, [TemplateStatus.ACTUAL, TemplateStatus.SHADOW])
    wanted = [n for n, content in stored if content.takes_outputs and content.name != name]
    return [
        node_of(version.entry.name, selector_of(version.content), version.recipe)
        for version in (await read_versions(connection, wanted)).values()
    ]


def _refusal(name: str, loop: Loop) -> InvalidMask:
    through = " → ".join((*loop.names, name))
    return InvalidMask(
        f"The template could feed itself ({through}): its masks take outputs, such as "
        f"{loop.example}, and what comes of them.",
        hint=f"Exclude what it makes, such as *.{name}.*, or leave takes_outputs out.",
        field="masks",
        facts={"loop": list(loop.names), "example": loop.example},
    )
