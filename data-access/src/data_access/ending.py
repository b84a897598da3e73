"""Tasks that end here, without having run."""

from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row
from data_access.gates import drop_gates
from data_access.schema import log, task
from data_access.task_events import status_event
from penstock_core.clock import now
from penstock_core.states import TaskStatus


async def write_ended(
    connection: AsyncConnection, status: TaskStatus, tasks: Sequence[tuple[Row, str]]
) -> None:
    """Write a final status, each with its reason, and the events; gates are waited for no more."""
    if not tasks:
        return
    changes = [{"number": row["task_id"], "reason": reason} for row, reason in tasks]
    change = (
        task.update()
        .where(task.c.task_id == bindparam("number"))
        .values(status=status, paused=False, ended_at=now().isoformat())
    )
    await connection.execute(change, changes)
    await drop_gates(connection, [row["task_id"] for row, _ in tasks])
    moved = [{**row, "status": status, "reason": why} for row, why in tasks]
    await log.append(connection, [status_event(row) for row in moved])
