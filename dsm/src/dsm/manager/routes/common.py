"""What the routes share: the store, the bus, cursors, and who may change things."""

from typing import Annotated

from fastapi import Depends, Query, Request

from penstock_core.bus import Bus
from penstock_core.rights import Right
from penstock_core.store import Store
from penstock_core.tokens import Identity
from penstock_core.web import Caller

V1 = "/api/v1"
MOST_ITEMS = 10_000
"""How many items one bulk request may hold."""


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _bus(request: Request) -> Bus:
    bus: Bus = request.app.state.bus
    return bus


async def _changer(caller: Caller) -> Identity:
    """Return the caller, who must be a service of the house or an operator."""
    if Right.SERVE not in caller.rights:
        caller.require(Right.OPERATE)
    return caller


TheStore = Annotated[Store, Depends(_store)]
TheBus = Annotated[Bus, Depends(_bus)]
Changer = Annotated[Identity, Depends(_changer)]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="Cursor: the next of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]
