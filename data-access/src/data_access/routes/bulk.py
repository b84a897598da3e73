"""What the services of the house tell and ask, in bulk; each call is one transaction."""

from typing import Annotated

from fastapi import APIRouter, Body

from data_access.claims import claim_tasks
from data_access.context import Here
from data_access.generated import store_generated
from data_access.observed import store_observed
from data_access.readiness import copy_states
from data_access.schema import log
from data_access.submitted import store_submitted
from penstock_core.contracts.workflow import (
    ClaimRequest,
    CopiedStates,
    DueTask,
    GeneratedBatch,
    GeneratedResult,
    ObservedBatch,
    SubmittedTask,
)
from penstock_core.web import ServiceCaller

router = APIRouter(tags=["services"])


@router.post("/workflow/bulk")
async def generated(here: Here, _: ServiceCaller, body: GeneratedBatch) -> GeneratedResult:
    """Store decisions, workflows and the cursor together."""
    return await store_generated(here.store, body)


@router.post("/dataset/states")
async def copied(here: Here, _: ServiceCaller, body: CopiedStates) -> dict[str, int]:
    """Store copied dataset states and the cursor together."""
    async with here.store.write() as connection:
        await log.move(connection, body.follower, body.expected, body.cursor)
        await copy_states(connection, {each.uid: each.state for each in body.states})
    return {"cursor": body.cursor}


@router.post("/task/claim")
async def claim(here: Here, _: ServiceCaller, body: ClaimRequest) -> tuple[DueTask, ...]:
    """Lease due tasks."""
    return await claim_tasks(here.store, body)


@router.post("/task/submitted")
async def submitted(
    here: Here, _: ServiceCaller, body: Annotated[list[SubmittedTask], Body(max_length=10_000)]
) -> dict[str, int]:
    """Store that claimed tasks were submitted."""
    await store_submitted(here.store, body)
    return {"tasks": len(body)}


@router.post("/task/observed")
async def observed(here: Here, _: ServiceCaller, body: ObservedBatch) -> dict[str, int]:
    """Store what the workload system reported, with the cursor."""
    await store_observed(here.store, body)
    return {"cursor": body.cursor}
