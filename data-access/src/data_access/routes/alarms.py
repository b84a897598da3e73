"""Alarms: services raise and clear them, people look at them and say that they have."""

from typing import Annotated

from fastapi import APIRouter, Body

from data_access.alarms import State, acknowledge, clear_alarms, raise_alarms, read_alarms
from data_access.context import Here
from data_access.paging import After, Limit, Number, page
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import Alarm, AlarmKey, NewAlarm
from penstock_core.web import Operator, Reader, ServiceCaller

router = APIRouter(prefix="/alarm", tags=["alarm"])


@router.get("")
async def page_of_alarms(
    here: Here,
    _: Reader,
    state: State = "raised",
    kind: str = "",
    namespace: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[Alarm]:
    """Return a page of alarms: those that are raised, those that were cleared, or all."""
    equal = {"kind": kind, "namespace": namespace}
    async with here.store.read() as connection:
        rows = await read_alarms(connection, state, equal, after, limit)
    return page(rows, limit, lambda row: row.alarm_id)


@router.post("/raise")
async def raised(
    here: Here, _: ServiceCaller, body: Annotated[list[NewAlarm], Body(max_length=1000)]
) -> dict[str, int]:
    """Raise alarms; one that is raised already is seen once more."""
    async with here.store.write() as connection:
        await raise_alarms(connection, body)
    return {"alarms": len(body)}


@router.post("/clear")
async def cleared(
    here: Here, _: ServiceCaller, body: Annotated[list[AlarmKey], Body(max_length=1000)]
) -> dict[str, int]:
    """Clear alarms: what they told of is over; one that is not raised is none."""
    async with here.store.write() as connection:
        await clear_alarms(connection, body)
    return {"alarms": len(body)}


@router.put("/{alarm_id}/acknowledge")
async def acknowledged(here: Here, caller: Operator, alarm_id: Number) -> Alarm:
    """Note that you have seen an alarm; it stays raised until what is wrong is over."""
    async with here.store.write() as connection:
        return await acknowledge(connection, alarm_id, caller.subject)
