"""The tables of the local bus's file, and every statement that touches them.

One row is one message on one queue. ``held`` is 1 while a consumer has it, ``handed_out`` counts
its consumers so far; taking it off the queue deletes the row, so that the file holds the backlog
and no history. Functions here run inside a transaction that their caller begins and commits.
"""
# ruff: noqa: S608 -- only the constants of this module are put into statements.

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from penstock_core.bus.port import Delivery, Message
from penstock_core.topology import DEAD_EXCHANGE

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    held INTEGER NOT NULL DEFAULT 0,
    handed_out INTEGER NOT NULL DEFAULT 0,
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    body BLOB NOT NULL,
    message_id TEXT NOT NULL,
    type TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    headers TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_order ON entry (queue, held, position);
"""
_COLUMNS = (
    "exchange, routing_key, body, message_id, type, timestamp, correlation_id, reply_to, headers"
)
_THESE = "position IN (SELECT value FROM json_each(?))"


def open_store(path: str) -> sqlite3.Connection:
    """Return a connection that owns the file at ``path``, its tables made.

    Exclusive locking keeps a second process out for as long as this one lives, and spares the
    shared-memory file. Raises ``sqlite3.OperationalError`` when the file is taken.
    """
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise sqlite3.DatabaseError(f"its format {version} is not {_VERSION}, the one known here")
    connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;")


def insert(connection: sqlite3.Connection, routed: Iterable[tuple[str, Message]]) -> None:
    """Append each message to its queue, in the order given."""
    marks = ", ".join("?" * 10)
    connection.executemany(
        f"INSERT INTO entry (queue, {_COLUMNS}) VALUES ({marks})",
        ((queue, *_to_row(message)) for queue, message in routed),
    )


def hand_out(connection: sqlite3.Connection, queue: str, count: int) -> list[Delivery]:
    """Mark up to ``count`` of the oldest waiting messages as held, counted up, and return them."""
    rows = connection.execute(
        "UPDATE entry SET held = 1, handed_out = handed_out + 1 WHERE position IN ("
        "SELECT position FROM entry WHERE queue = ? AND held = 0 ORDER BY position LIMIT ?"
        f") RETURNING position, handed_out, {_COLUMNS}",
        (queue, count),
    ).fetchall()
    # SQLite promises no order for RETURNING.
    rows.sort()
    return [Delivery(_from_row(row), queue, position, n - 1) for position, n, *row in rows]


def remove(connection: sqlite3.Connection, tags: Sequence[int]) -> None:
    """Delete these for good."""
    connection.execute(f"DELETE FROM entry WHERE {_THESE}", (json.dumps(tags),))


def release(connection: sqlite3.Connection, tags: Sequence[int], delivery_limit: int) -> int:
    """Put these back to where they were; return how many were past the limit and so are dead.

    A limit of n allows n + 1 deliveries, as RabbitMQ counts.
    """
    these = json.dumps(tags)
    where = f"{_THESE} AND handed_out > ?"
    buried = _bury(connection, where, (these, delivery_limit), "delivery_limit")
    connection.execute(f"UPDATE entry SET held = 0 WHERE {_THESE}", (these,))
    return buried


def bury(connection: sqlite3.Connection, tag: int, reason: str) -> None:
    """Move this to its queue's dead-letter queue."""
    _bury(connection, "position = ?", (tag,), reason)


def _bury(connection: sqlite3.Connection, where: str, values: tuple[Any, ...], reason: str) -> int:
    return connection.execute(
        "UPDATE entry SET queue = queue || '.dead', held = 0, handed_out = 0, "
        "exchange = ?, routing_key = queue, headers = json_insert(json_set(headers, '$.reason', ?, "
        "'$.first_queue', queue), '$.first_exchange', exchange, "
        f"'$.first_routing_key', routing_key) WHERE {where}",
        (DEAD_EXCHANGE, reason, *values),
    ).rowcount


def held(connection: sqlite3.Connection, queue: str) -> list[int]:
    """Return the tags of what consumers of ``queue`` have, or had when the process died."""
    rows = connection.execute("SELECT position FROM entry WHERE queue = ? AND held = 1", (queue,))
    return [position for (position,) in rows]


def depth(connection: sqlite3.Connection, queue: str) -> int:
    """Return how many messages of ``queue`` wait."""
    row = connection.execute(
        "SELECT count(*) FROM entry WHERE queue = ? AND held = 0", (queue,)
    ).fetchone()
    return int(row[0])


def states(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return what waits on each queue that holds anything, what was handed out, and since when."""
    rows = connection.execute(
        "SELECT queue, count(*) - sum(held), sum(held), min(iif(held, NULL, timestamp)) "
        "FROM entry GROUP BY queue"
    )
    return {
        queue: {"ready": ready, "unacknowledged": held, "oldest_at": oldest}
        for queue, ready, held, oldest in rows
    }


def _to_row(message: Message) -> tuple[str | bytes, ...]:
    return (
        message.exchange,
        message.routing_key,
        message.body,
        message.message_id,
        message.type,
        message.timestamp.isoformat(),
        message.correlation_id,
        message.reply_to,
        json.dumps(dict(message.headers)),
    )


def _from_row(row: Sequence[Any]) -> Message:
    exchange, key, body, message_id, type_, timestamp, correlation_id, reply_to, headers = row
    return Message(
        exchange,
        key,
        body,
        message_id,
        type_,
        datetime.fromisoformat(timestamp),
        correlation_id,
        reply_to,
        json.loads(headers),
    )
