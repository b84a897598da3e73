"""What the routes share: the store, the bus, and cursors."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Query, Request

from penstock_core.bus import Bus
from penstock_core.store import Store

V1 = "/api/v1"
MOST_ITEMS = 10_000
"""How many items one bulk request may hold."""


# All of them async: FastAPI hands plain functions to a thread, at each request.
async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _bus(request: Request) -> Bus:
    bus: Bus = request.app.state.bus
    return bus


async def _house_dir(request: Request) -> Path:
    folder: Path = request.app.state.house_dir
    return folder


TheStore = Annotated[Store, Depends(_store)]
TheBus = Annotated[Bus, Depends(_bus)]
HouseDir = Annotated[Path, Depends(_house_dir)]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="Cursor: the next of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]
