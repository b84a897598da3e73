"""Switches that survive a restart: whether new jobs are held back."""

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.contracts.workload import Hold
from pilot.tables import setting

_HELD = "held"


async def held(connection: AsyncConnection) -> bool:
    """Return whether new jobs are held back."""
    return bool(await connection.scalar(select(setting.c.value).where(setting.c.name == _HELD)))


async def hold(connection: AsyncConnection, wish: Hold) -> None:
    """Hold new jobs back, or release them."""
    row = insert(setting).values(name=_HELD, value=wish.held)
    changed = row.on_conflict_do_update(index_elements=["name"], set_={"value": wish.held})
    await connection.execute(changed)
