"""Workflows: a template version on a dataset."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from data_access.chains import create_workflow
from data_access.context import Context, Here
from data_access.paging import After, Fetch, Limit, MaybeLimit, Number, bare_array, page
from data_access.reruns import rerun
from data_access.workflow_rows import read_workflow, read_workflows, workflows_after
from penstock_core.contracts.base import Frozen, Page
from penstock_core.contracts.workflow import RerunRequest, WorkflowRow
from penstock_core.web import Operator, Reader

router = APIRouter(prefix="/workflow", tags=["workflow"])


class NewWorkflow(Frozen):
    """A chain to make by hand."""

    template_id: int
    dataset_id: int


@router.get("/all", response_model=list[WorkflowRow])
async def all_workflows(
    here: Here, _: Reader, after: After = 0, limit: MaybeLimit = None
) -> StreamingResponse:
    """Return all workflows."""
    return bare_array(_fetch(here), after, limit, lambda row: row.workflow_id)


def _fetch(here: Context) -> Fetch[WorkflowRow]:
    async def fetch(after: int, limit: int) -> list[WorkflowRow]:
        async with here.store.read() as connection:
            return await read_workflows(connection, workflows_after(after, limit))

    return fetch


@router.get("")
async def page_of_workflows(
    here: Here,
    _: Reader,
    template: int | None = None,
    dataset: int | None = None,
    namespace: str = "",
    template_name: str = "",
    dataset_name: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[WorkflowRow]:
    """Return a page of workflows; a template by the id of a version or the name of all."""
    query = workflows_after(
        after,
        limit,
        template_id=template,
        dataset_id=dataset,
        namespace=namespace,
        template=template_name,
        dataset=dataset_name,
    )
    async with here.store.read() as connection:
        rows = await read_workflows(connection, query)
    return page(rows, limit, lambda row: row.workflow_id)


@router.post("/create", status_code=201)
async def create(here: Here, caller: Operator, body: NewWorkflow) -> WorkflowRow:
    """Make the chain of a template version on a dataset, whatever the masks say."""
    return await create_workflow(here.store, body.template_id, body.dataset_id, caller.subject)


@router.post("/{workflow_id}/rerun", status_code=201)
async def rerun_workflow(
    here: Here, caller: Operator, workflow_id: Number, body: RerunRequest
) -> WorkflowRow:
    """Make a chain again, by the same version or the ACTUAL one; the old one is left alone."""
    return await rerun(here.store, workflow_id, body, caller.subject)


@router.get("/{workflow_id}")
@router.get("/{workflow_id}/detail")
async def one_workflow(here: Here, _: Reader, workflow_id: Number) -> WorkflowRow:
    """Return one workflow."""
    async with here.store.read() as connection:
        return await read_workflow(connection, workflow_id)
