"""The history of actions: who did what to which tasks, when and why."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.effects import Order
from data_access.bulk import Row
from data_access.schema import action, action_task
from penstock_core.bulk import insert_rows
from penstock_core.clock import now
from penstock_core.contracts.base import Json
from penstock_core.contracts.workflow import ActionRow, TaskAction

_OF_TASK = (
    *(action.c[n] for n in ("action_id", "at", "actor", "action", "because", "rank")),
    *(action_task.c[n] for n in ("task_id", "before", "outcome")),
)


async def remember(
    connection: AsyncConnection, order: Order, selection: Json, tasks: Sequence[tuple[Row, str]]
) -> int:
    """Store an action with its tasks, each with its outcome; return its id."""
    row = {
        "at": now().isoformat(),
        "actor": order.actor,
        "action": order.action,
        "because": order.because,
        "rank": order.rank,
        "selection": selection,
        "tasks": len(tasks),
    }
    made = await connection.execute(action.insert().values(**row).returning(action.c.action_id))
    number: int = made.scalar_one()
    rows = [
        {"action_id": number, "task_id": r["task_id"], "before": r["status"], "outcome": outcome}
        for r, outcome in tasks
    ]
    await insert_rows(connection, action_task, rows)
    return number


async def read_actions(
    connection: AsyncConnection, after: int, limit: int, actor: str
) -> list[ActionRow]:
    """Return actions after an id, oldest first."""
    query = select(action).where(action.c.action_id > after).order_by(action.c.action_id)
    if actor:
        query = query.where(action.c.actor == actor)
    rows = await connection.execute(query.limit(limit))
    return [ActionRow(**row) for row in rows.mappings()]


async def of_task(
    connection: AsyncConnection, task_id: int, after: int, limit: int
) -> list[TaskAction]:
    """Return what was done about a task, after an action's id, oldest first."""
    query = _pairs().where(action_task.c.task_id == task_id, action_task.c.action_id > after)
    return await _read(connection, query.order_by(action_task.c.action_id).limit(limit))


async def of_action(
    connection: AsyncConnection, action_id: int, after: int, limit: int
) -> list[TaskAction]:
    """Return the tasks of an action, after a task's id."""
    query = _pairs().where(action_task.c.action_id == action_id, action_task.c.task_id > after)
    return await _read(connection, query.order_by(action_task.c.task_id).limit(limit))


def _pairs() -> Select[Any]:
    return select(*_OF_TASK).join(action_task, action_task.c.action_id == action.c.action_id)


async def _read(connection: AsyncConnection, query: Select[Any]) -> list[TaskAction]:
    return [TaskAction(**row) for row in (await connection.execute(query)).mappings()]
