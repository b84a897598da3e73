"""What the auditor asks of data-access."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from data_access import auditing
from data_access.context import Here
from data_access.paging import After, Limit
from penstock_core.contracts.audit import AuditedDataset, Violation, WorkflowsAudited
from penstock_core.web import Reader

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("")
async def audit_workflows(
    here: Here, _: Reader, after: After = 0, limit: Limit = 500
) -> WorkflowsAudited:
    """Return what is wrong with a page of workflows and their tasks."""
    async with here.store.read() as connection:
        return await auditing.audit_workflows(connection, after, limit)


@router.post("/dataset")
async def audit_copies(
    here: Here, _: Reader, datasets: Annotated[list[AuditedDataset], Field(max_length=10_000)]
) -> tuple[Violation, ...]:
    """Return which of these datasets were not decided, not given a chain, or are behind."""
    async with here.store.read() as connection:
        return await auditing.audit_copies(connection, datasets)
