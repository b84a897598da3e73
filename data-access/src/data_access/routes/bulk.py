"""What the services of the house tell and ask, in bulk; each call is one transaction."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends

from data_access.claims import claim_tasks
from data_access.context import Here
from data_access.gates import meet_gates, unmet_gates
from data_access.generated import store_generated
from data_access.observed import store_observed
from data_access.paging import Limit
from data_access.readiness import copy_states
from data_access.schema import log
from data_access.submitted import store_submitted
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.dsm import Wanted
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
        await copy_states(connection, body.states)
    return {"cursor": body.cursor}


class AfterGate(Frozen):
    """The last gate of the page before, as query parameters; without a mask: the beginning."""

    namespace: str = ""
    mask: str = ""
    until: Literal["open", "closed"] = "closed"


@router.get("/task/gate")
async def gates(
    here: Here, _: ServiceCaller, after: Annotated[AfterGate, Depends()], limit: Limit = 500
) -> tuple[Wanted, ...]:
    """Return the datasets, by mask, that tasks wait for besides their inputs; each once."""
    last = Wanted(**after.model_dump()) if after.mask else None
    async with here.store.read() as connection:
        return await unmet_gates(connection, last, limit)


@router.post("/task/gate/met")
async def gates_met(
    here: Here, _: ServiceCaller, body: Annotated[list[Wanted], Body(max_length=10_000)]
) -> dict[str, int]:
    """Store which of these datasets are there: who waited for nothing else is due."""
    async with here.store.write() as connection:
        await meet_gates(connection, body)
    return {"gates": len(body)}


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
