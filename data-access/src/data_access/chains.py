"""A workflow that somebody asks for by hand: a template version on a dataset."""

from data_access.catalogue import catalogue_entry
from data_access.compiling import read_recipe
from data_access.content import Content, selector_of
from data_access.counters import Counters
from data_access.dataset_rows import read_dataset
from data_access.making import Chain, make_chains
from data_access.plans import Origin
from data_access.template_rows import read_template
from data_access.workflow_rows import read_workflow
from penstock_core.clock import now
from penstock_core.contracts.workflow import DatasetRef, WorkflowRow
from penstock_core.errors import Conflict, Duplicate
from penstock_core.store import Store
from recipe.model import Recipe
from recipe.plan import plan


async def create_workflow(store: Store, template_id: int, dataset_id: int) -> WorkflowRow:
    """Return the new chain of a template version on a dataset; raises ``Duplicate``."""
    async with store.write() as connection:
        counters = await Counters.lock(connection)
        row = await read_template(connection, template_id)
        found = await read_dataset(connection, dataset_id)
        ref = DatasetRef(
            uid=found.dataset_uid or "",
            **found.model_dump(include={"namespace", "scope", "name", "state"}),
            registered_at=now(),
        )
        content = Content(**row["content"])
        captures = selector_of(content).decide(ref.name, ref.namespace).captures
        recipe = Recipe.model_validate(await read_recipe(connection, row["recipe_digest"]))
        planned = plan(recipe, catalogue_entry(row), ref, captures)
        origin = Origin(row["recipe_digest"], content.values, template_id=template_id)
        made = await make_chains(connection, counters, [Chain(planned, ref, origin)])
        if made.clashes:
            raise Conflict(made.clashes[0].reason, hint="See GET /dataset?name=…")
        if not made.workflow_ids:
            raise Duplicate(
                f"Template {template_id} has its workflow on dataset {dataset_id} already.",
                hint=f"GET /workflow?dataset={dataset_id}",
                facts={"template_id": template_id, "dataset_id": dataset_id},
            )
        return await read_workflow(connection, made.workflow_ids[0])
