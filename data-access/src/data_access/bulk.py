"""Many rows in few statements, on either database."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, cast, column, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.stretches import stretches

CHUNK = 5000
"""Values in one IN list: SQLite takes 32 766 parameters, PostgreSQL 65 535."""

Row = dict[str, Any]
Value = TypeVar("Value")


def chunks(values: Iterable[Value]) -> Iterator[tuple[Value, ...]]:
    """Give ``values`` in stretches that fit one statement."""
    return stretches(values, CHUNK)


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Iterable[Row],
    key: Sequence[str],
    newer: Sequence[str] = (),
    where: ColumnElement[bool] | None = None,
) -> None:
    """Insert ``rows`` by one statement; the last with the same ``key`` counts, none is fine.

    Of a row that is there the columns ``newer`` are replaced, where it fulfils ``where``.
    """
    unique = list({tuple(row[name] for name in key): row for row in rows}.values())
    if not unique:
        return
    change = insert_into(connection, table)
    as_one = connection.dialect.name == "postgresql"
    if as_one:
        change = change.from_select(list(unique[0]), _recordset(table, unique))
    if newer:
        replaced = {name: change.excluded[name] for name in newer}
        change = change.on_conflict_do_update(index_elements=key, set_=replaced, where=where)
    else:
        change = change.on_conflict_do_nothing(index_elements=key)
    await connection.execute(change, None if as_one else unique)


def _recordset(table: Table, rows: Sequence[Row]) -> Select[Any]:
    """Return rows as PostgreSQL reads them out of one JSON document."""
    columns = [column(name, table.c[name].type) for name in rows[0]]
    documents = func.jsonb_to_recordset(cast(literal(rows, JSONB), JSONB))
    return select(*documents.table_valued(*columns).render_derived(with_types=True).c)


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """Return an INSERT that knows ON CONFLICT, in this connection's dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
