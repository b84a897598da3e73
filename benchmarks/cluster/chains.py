"""How many datasets a second become stored 3-step chains, beside plain SQL that writes the same.

A steady stream is offered a little above the target; what counts is what is stored. The plain SQL
writes the rows of the stretch just stored into tables of the same kind, batch by batch, with the
same indexes and the same fsync.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.cluster.load import chains_stored, dataset, upload, waiting_chain
from benchmarks.cluster.world import World
from benchmarks.figure import Figure

TEMPLATES = 1000
LASTS_S = 60
OFFERED = 600
PAIRS = 7
IN_PAIR = 1500
BATCH = 100
SQL_ROWS = 500
TABLES = {
    "dsm": ("dataset", "journal", "event"),
    "data-access": (
        "dataset", "workflow", "task", "task_input", "examined", "decision", "event",
    ),
}  # fmt: skip


async def prepare(world: World) -> None:
    """Upload the templates, and let each part of the system work once."""
    await upload(world, "rate", TEMPLATES, waiting_chain())
    await _send(world, "warm", 200)
    await chains_stored(world, 200)


async def sustained(world: World) -> tuple[list[Figure], list[tuple[float, int]]]:
    """Return the rate over a minute, and how many chains were stored at each second."""
    before = world.count("data-access", "workflow")
    stored: list[tuple[float, int]] = []
    began = time.monotonic()
    sending = asyncio.create_task(_offer(world, began))
    while time.monotonic() - began < LASTS_S:
        await asyncio.sleep(1)
        count = await asyncio.to_thread(world.count, "data-access", "workflow")
        stored.append((time.monotonic() - began, count - before))
    rate = stored[-1][1] / stored[-1][0]
    sent = await sending
    await chains_stored(world, before + sent)
    return [
        Figure("datasets -> stored 3-step chains, 60 s", round(rate), "datasets/s", 500)
    ], stored


async def pairs(world: World) -> list[Figure]:
    """Return the share of plain SQL's rate, as the median of alternating pairs."""
    shares = []
    for number in range(PAIRS):
        since = world.query("data-access", "SELECT now()")[0][0]
        before = world.count("data-access", "workflow")
        began = time.perf_counter()
        await _send(world, f"pair{number}", IN_PAIR)
        await chains_stored(world, before + IN_PAIR)
        ours = IN_PAIR / (time.perf_counter() - began)
        plain = IN_PAIR / await asyncio.to_thread(_plain, world, since)
        shares.append(100 * ours / plain)
    return [Figure("share of plain batched SQL's rate", round(statistics.median(shares)), "%", 25)]


async def _offer(world: World, began: float) -> int:
    """Send a little more than the target for the whole time; return how many."""
    sent = 0
    while (at := time.monotonic() - began) < LASTS_S:
        due = int(at * OFFERED) - sent
        if due >= BATCH:
            await world.bus.publish([_named("steady", sent + n) for n in range(due)])
            sent += due
        await asyncio.sleep(0.05)
    return sent


async def _send(world: World, name: str, count: int) -> None:
    for start in range(0, count, BATCH):
        await world.bus.publish([_named(name, n) for n in range(start, start + BATCH)])


def _named(name: str, number: int) -> Any:
    return dataset(f"rate{number % TEMPLATES:04d}.{name}.{number:06d}", number)


def _plain(world: World, since: Any) -> float:
    """Return how long plain SQL takes to write the rows stored after ``since``, in seconds."""
    took_s = 0.0
    for owner, tables in TABLES.items():
        with psycopg.connect(world.databases[owner]) as connection:
            for table in tables:
                took_s += _written_again(connection, table, since)
    return took_s


def _written_again(connection: "psycopg.Connection[Any]", table: str, since: Any) -> float:
    names = [row[0] for row in connection.execute(_COLUMNS, [table]).fetchall()]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(n)) for n in names)
    query = "SELECT {} FROM {} WHERE pg_xact_commit_timestamp(xmin) > %s"
    rows = connection.execute(
        sql.SQL(query).format(texts, sql.Identifier(table)), [since]
    ).fetchall()
    copy = sql.Identifier(f"plain_{table}")
    like = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)")
    connection.execute(like.format(copy, sql.Identifier(table)))
    connection.commit()
    began = time.perf_counter()
    for batch in _batches(rows):
        marks = sql.SQL(", ").join([_row_of(len(names))] * len(batch))
        insert = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(copy, columns, marks)
        connection.execute(insert, [value for row in batch for value in row])
        connection.commit()
    took_s = time.perf_counter() - began
    connection.execute(sql.SQL("DROP TABLE {}").format(copy))
    connection.commit()
    return took_s


_COLUMNS = (
    "SELECT column_name FROM information_schema.columns "
    "WHERE table_name = %s AND table_schema = 'public' ORDER BY ordinal_position"
)


def _row_of(width: int) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * width))


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), SQL_ROWS):
        yield rows[start : start + SQL_ROWS]
