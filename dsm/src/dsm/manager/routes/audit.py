"""What the auditor asks of the storage manager."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from dsm.manager.inspection import auditing
from dsm.manager.routes.common import MOST_ITEMS, V1, After, Limit, TheStore
from dsm.manager.work import begin_work
from penstock_core.contracts.audit import AuditedTask, DatasetsAudited, Violation
from penstock_core.web import OperatorOrService, Reader

router = APIRouter(prefix=f"{V1}/audit", tags=["audit"])


@router.get("")
async def audit_datasets(
    store: TheStore, _caller: Reader, after: After = 0, limit: Limit = 500
) -> DatasetsAudited:
    """Return what is wrong with a page of datasets, by the storage manager's own store."""
    async with store.read() as connection:
        return await auditing.audit_datasets(connection, after, limit)


@router.post("/output")
async def audit_outputs(
    store: TheStore,
    _caller: Reader,
    tasks: Annotated[list[AuditedTask], Field(max_length=MOST_ITEMS)],
) -> tuple[Violation, ...]:
    """Return which finished tasks made another number of files than is registered."""
    async with store.read() as connection:
        return await auditing.audit_outputs(connection, tasks)


@router.post("/tell", status_code=204)
async def tell_again(
    store: TheStore,
    _caller: OperatorOrService,
    uids: Annotated[list[str], Field(max_length=MOST_ITEMS)],
) -> None:
    """Tell of datasets once more, as they are, to all who follow the event log."""
    async with begin_work(store) as work:
        await auditing.tell_again(work, uids)
