"""Many rows in few statements, on either database."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.stretches import stretches

CHUNK = 5000
"""Values in one IN list: SQLite takes 32 766 parameters, PostgreSQL 65 535."""

Row = dict[str, Any]
Value = TypeVar("Value")


def chunks(values: Iterable[Value]) -> Iterator[tuple[Value, ...]]:
    """Give ``values`` in stretches that fit one statement."""
    return stretches(values, CHUNK)


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """Return an INSERT that knows ON CONFLICT, in this connection's dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
