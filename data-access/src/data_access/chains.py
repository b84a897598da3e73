"""A workflow that somebody asks for by hand: a template version on a dataset."""

from data_access.content import caught
from data_access.counters import Counters
from data_access.dataset_refs import read_refs
from data_access.dataset_rows import read_dataset
from data_access.making import Chain, make_chains
from data_access.template_rows import read_template
from data_access.versions import read_versions
from data_access.workflow_rows import read_workflow
from penstock_core.contracts.workflow import WorkflowRow
from penstock_core.errors import Conflict, Duplicate
from penstock_core.store import Store


async def create_workflow(
    store: Store, template_id: int, dataset_id: int, actor: str
) -> WorkflowRow:
    """Return the new chain of a template version on a dataset; raises ``Duplicate``."""
    async with store.write() as connection:
        counters = await Counters.lock(connection)
        await read_template(connection, template_id)
        await read_dataset(connection, dataset_id)
        version = (await read_versions(connection, [template_id]))[template_id]
        ref = (await read_refs(connection, [dataset_id]))[dataset_id]
        planned = version.plan(ref, caught(version.content, ref))
        chain = Chain(planned, ref, version.origin(actor, ""))
        made = await make_chains(connection, counters, [chain])
        if made.clashes:
            raise Conflict(made.clashes[0].reason, hint="See GET /dataset?name=…")
        if not made.workflow_ids:
            raise Duplicate(
                f"Template {template_id} has its workflow on dataset {dataset_id} already.",
                hint=f"GET /workflow?dataset={dataset_id}",
                facts={"template_id": template_id, "dataset_id": dataset_id},
            )
        return await read_workflow(connection, made.workflow_ids[0])
