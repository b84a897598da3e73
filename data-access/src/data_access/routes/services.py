"""Services: each tells how it stands, people look."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body

from data_access.context import Here
from data_access.heartbeats import note, read_services
from data_access.paging import After, Limit, page
from penstock_core.clock import now
from penstock_core.contracts.base import Page
from penstock_core.contracts.services import Heartbeat, ServiceRow, ServiceState
from penstock_core.web import Reader, ServiceCaller

router = APIRouter(prefix="/services", tags=["services"])


@router.get("")
async def page_of_services(
    here: Here,
    _: Reader,
    name: str = "",
    state: ServiceState | Literal[""] = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[ServiceRow]:
    """Return a page of services: state, last activity, how far behind; silent ones are LOST."""
    equal = {"name": name, "state": state}
    async with here.store.read() as connection:
        rows = await read_services(connection, equal, now(), after, limit)
    return page(rows, limit, lambda row: row.service_id)


@router.put("")
async def beaten(
    here: Here, _: ServiceCaller, body: Annotated[list[Heartbeat], Body(max_length=100)]
) -> dict[str, int]:
    """Store how the services of a process stand; they tell it every 5 s."""
    async with here.store.write() as connection:
        await note(connection, body, now())
    return {"services": len(body)}
