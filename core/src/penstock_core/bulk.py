"""Many new rows at once, by the quickest way that each database has.

PostgreSQL takes rows by COPY for a third of what an INSERT for each costs; SQLite takes them all in
one turn of its own thread.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

FEW = 4
"""So few rows go as quickly by statements, which travel together."""


async def insert_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert ``rows``, which have the same columns, in the caller's transaction; none is fine.

    Whichever way they go, errors leave as SQLAlchemy's.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) > FEW:
        await _copy(connection, [table.c[name] for name in rows[0]], rows)
    else:
        await connection.execute(table.insert(), list(rows))


async def _copy(
    connection: AsyncConnection, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> None:
    # Here, for a house on SQLite does without these megabytes.
    import psycopg
    from psycopg import sql

    driver: psycopg.AsyncConnection[Any] | None
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 - a connection that is in use has one
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(columns[0].table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    )
    try:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for values in _values(columns, rows):
                await copy.write_row(values)
    except psycopg.Error as error:
        said = statement.as_string(None)
        raise DBAPIError.instance(
            said, None, error, psycopg.Error, dialect=connection.dialect
        ) from error


def _values(
    columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    """Yield the values of each row in the order of ``columns``, JSON as text."""
    documents = {n: c.type.none_as_null for n, c in enumerate(columns) if isinstance(c.type, JSON)}
    names = [column.name for column in columns]
    for row in rows:
        values = [row[name] for name in names]
        for place, none_as_null in documents.items():
            if values[place] is not None or not none_as_null:
                values[place] = json.dumps(values[place])
        yield values
