"""The schema and its migrations, the way of events to the bus, and cursors."""

import asyncio
import warnings

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from tests.data_access.room import Room, new_template

from data_access.schema import metadata
from penstock_core.errors import Stale
from penstock_core.rights import Role
from penstock_core.store import Store


def is_comparable(_item: object, name: str, kind: str, *_rest: object) -> bool:
    """Return whether Alembic can compare it: not so an index over an expression."""
    return (kind, name) != ("index", "ix_task_due")


def differences(connection: Connection) -> list[object]:
    """Return how the database differs from the tables of the code."""
    opts = {"compare_type": True, "include_object": is_comparable}
    context = MigrationContext.configure(connection, opts=opts)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "autogenerate skipping", UserWarning)
        warnings.filterwarnings("ignore", "Skipped unsupported reflection")
        return list(compare_metadata(context, metadata))


async def test_the_migrations_make_the_tables_that_the_code_uses(room: Room) -> None:
    store = Store(room.house.settings.database("data-access"))
    async with store.read() as connection:
        assert await connection.run_sync(differences) == []
    await store.close()


async def test_due_tasks_are_found_through_the_partial_index(lite: Room) -> None:
    store = Store(lite.house.settings.database("data-access"))
    due = (
        "EXPLAIN QUERY PLAN SELECT task_id FROM task WHERE status = 'DEFINED' AND waiting = 0 "
        "AND NOT paused AND lease_until <= 5 ORDER BY rank DESC, behind, task_id LIMIT 5"
    )
    unmet = (
        "EXPLAIN QUERY PLAN UPDATE task_input SET met = true "
        "WHERE dataset_id IN (1) AND met = false"
    )
    gates = (
        "EXPLAIN QUERY PLAN SELECT DISTINCT namespace, mask, until FROM task_gate WHERE met = false"
        " AND (namespace, mask, until) > ('a', 'b', 'c') ORDER BY namespace, mask, until LIMIT 5"
    )
    async with store.read() as connection:
        plans = [str((await connection.execute(text(sql))).all()) for sql in (due, unmet, gates)]
    await store.close()
    assert "ix_task_due" in plans[0]
    assert "TEMP B-TREE" not in plans[0]
    assert "ix_task_input_unmet" in plans[1]
    assert "ix_task_gate_unmet" in plans[2]
    assert "TEMP B-TREE" not in plans[2]


async def test_events_reach_the_bus(room: Room) -> None:
    subscription = await room.house.bus.subscribe("task-generator.wake")
    relay = asyncio.create_task(room.service.loops[0]())
    await room.client(Role.EXPERT).create_template(new_template())
    (delivery, *_) = await subscription.batch(10, wait_s=10)
    assert delivery.message.routing_key == "template.changed"
    relay.cancel()


async def test_a_cursor_moves_from_where_it_is_and_nowhere_else(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.move_cursor("follower", 0, 5)
    with pytest.raises(Stale):
        await service.move_cursor("follower", 0, 6)
    assert await service.cursor("follower") == 5


async def test_of_many_first_moves_one_wins(room: Room) -> None:
    clients = [room.client(Role.SERVICE) for _ in range(4)]
    outcomes = await asyncio.gather(
        *(client.move_cursor("new", 0, 5) for client in clients), return_exceptions=True
    )
    assert outcomes.count(None) == 1
    assert all(isinstance(o, Stale) for o in outcomes if o is not None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/dataset/create", {"name": "a", "dataset_uid": "x", "scope": "nul\0"}),
        ("GET", f"/task?workflow={2**80}", None),
        ("GET", f"/task/{2**80}", None),
        ("GET", f"/event?after={2**80}", None),
    ],
)
async def test_a_value_that_no_column_takes_is_refused(
    room: Room, method: str, path: str, body: object
) -> None:
    answer = await room.http(Role.ADMIN).request(method, path, json=body)
    is_sqlite = room.house.settings.database_url == ""
    assert answer.status_code == (201 if is_sqlite and body else 422)


async def test_the_room_is_ready_once_its_database_answers(room: Room) -> None:
    answer = await room.http().get("/health/ready")
    assert answer.json() == {"ready": True, "waits_for": {}}
