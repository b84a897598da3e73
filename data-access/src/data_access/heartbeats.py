"""Heartbeats: how each service stands, and which have fallen silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import Row, upsert
from data_access.schema import service
from penstock_core.contracts.services import SILENT_AFTER_S, Heartbeat, ServiceRow, ServiceState

KEPT = timedelta(days=1)
"""How long one that fell silent is remembered."""
_SILENT = timedelta(seconds=SILENT_AFTER_S)


async def note(connection: AsyncConnection, hearts: Sequence[Heartbeat], at: datetime) -> None:
    """Store how these services stand at ``at``, and forget those that are silent for a day."""
    told = sorted(hearts, key=lambda heart: (heart.name, heart.instance))
    newer = tuple(name for name in Heartbeat.model_fields if name != "instance")
    rows = (_row(heart, at) for heart in told)
    await upsert(connection, service, rows, ("instance",), (*newer, "seen_at"))
    gone = service.c.seen_at < (at - KEPT).isoformat()
    await connection.execute(service.delete().where(gone))


async def read_services(
    connection: AsyncConnection, equal: dict[str, str], at: datetime, after: int, limit: int
) -> Sequence[ServiceRow]:
    """Return services after an id as they stand at ``at``, of this name or state."""
    state = _state(at)
    columns = [column for column in service.c if column.name != "state"]
    query = select(*columns, state.label("state")).where(service.c.service_id > after)
    for name, value in equal.items():
        if value:
            query = query.where((state if name == "state" else service.c[name]) == value)
    rows = await connection.execute(query.order_by(service.c.service_id).limit(limit))
    return [ServiceRow(**row) for row in rows.mappings()]


def _state(at: datetime) -> ColumnElement[Any]:
    """Return the state that a service told, or what its silence means."""
    is_silent = service.c.seen_at < (at - _SILENT).isoformat()
    said_so = service.c.state == ServiceState.STOPPING
    return case(
        (is_silent & said_so, ServiceState.STOPPED.value),
        (is_silent, ServiceState.LOST.value),
        else_=service.c.state,
    )


def _row(heart: Heartbeat, at: datetime) -> Row:
    active = heart.last_activity_at
    times = {
        "started_at": heart.started_at.isoformat(),
        "last_activity_at": active.isoformat() if active else None,
        "seen_at": at.isoformat(),
    }
    return heart.model_dump() | times
