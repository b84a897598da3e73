"""Template versions with their recipes, read in bulk: what a chain is planned by."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.catalogue import catalogue_entry
from data_access.content import Content
from data_access.plans import Origin
from data_access.schema import recipe as recipe_table
from data_access.schema import template
from penstock_core.contracts.workflow import CatalogueEntry, DatasetRef, PlannedWorkflow
from recipe.model import Recipe
from recipe.plan import plan


@dataclass(frozen=True, slots=True)
class Version:
    """A template version, ready to plan."""

    entry: CatalogueEntry
    content: Content
    recipe: Recipe

    def plan(self, ref: DatasetRef, captures: Mapping[str, str], rerun: int = 0) -> PlannedWorkflow:
        """Return the chain that it makes of a dataset; raises what :func:`recipe.plan` does."""
        return plan(self.recipe, self.entry, ref, captures, rerun)

    def origin(self, created_by: str, because: str, idempotency_key: str = "") -> Origin:
        """Return what a workflow of it runs, and who asked for it."""
        return Origin(
            self.entry.recipe_digest,
            template_id=self.entry.template_id,
            idempotency_key=idempotency_key or None,
            created_by=created_by,
            because=because,
        )


async def read_versions(
    connection: AsyncConnection, template_ids: Collection[int]
) -> dict[int, Version]:
    """Return these versions by their id, without those that are not there."""
    query = (
        select(template, recipe_table.c.body.label("recipe"))
        .join(recipe_table, recipe_table.c.digest == template.c.recipe_digest)
        .where(template.c.template_id.in_(template_ids))
    )
    rows = (await connection.execute(query)).mappings().all()
    return {row["template_id"]: _version(dict(row)) for row in rows}


def _version(row: dict[str, object]) -> Version:
    recipe = Recipe.model_validate(row.pop("recipe"))
    return Version(catalogue_entry(row), Content.model_validate(row["content"]), recipe)
