"""How many things a task waits for: its needs and its gates, counted down as they are met."""

from collections.abc import Mapping

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import task


async def count_down(connection: AsyncConnection, met: Mapping[int, int]) -> None:
    """Lower ``task.waiting`` by what was met, by task id; at 0 a task is due."""
    if not met:
        return
    fewer = task.c.waiting - bindparam("met")
    this = task.c.task_id == bindparam("number")
    rows = [{"number": number, "met": n} for number, n in sorted(met.items())]
    await connection.execute(task.update().where(this).values(waiting=fewer), rows)
