"""Heartbeats: a row for each start of each service, LOST when silent, forgotten after a day."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.data_access.room import Room

from data_access.heartbeats import note, read_services
from penstock_core.clock import now
from penstock_core.contracts.services import SILENT_AFTER_S, Heartbeat, ServiceState
from penstock_core.errors import Forbidden
from penstock_core.rights import Role
from penstock_core.store import Store

SILENT = timedelta(seconds=SILENT_AFTER_S + 1)


def heart(instance: str = "a", state: ServiceState = ServiceState.READY, **more) -> Heartbeat:
    given = {"name": "scheduler", "version": "1", "host": "here", "pid": 7, "started_at": now()}
    return Heartbeat(instance=instance, state=state, **given | more)


@pytest.fixture
async def store(room: Room) -> AsyncIterator[Store]:
    opened = Store(room.house.settings.database("data-access"))
    yield opened
    await opened.close()


async def test_two_replicas_are_two_rows_and_each_beat_renews_its_own(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.beat([heart("a"), heart("b", name="task-manager")])
    await service.beat(
        [heart("b", ServiceState.WAITING, name="task-manager", waits_for={"dsm": "away"})]
    )
    first, second = (await service.services()).items
    assert (first.instance, first.state) == ("a", "READY")
    assert (second.state, second.waits_for) == ("WAITING", {"dsm": "away"})
    assert second.seen_at > first.seen_at


async def test_services_are_found_by_name_and_state_and_paged(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.beat(
        [heart("a"), heart("b"), heart("c", ServiceState.STARTING, name="task-manager")]
    )
    assert [s.instance for s in (await service.services(name="scheduler")).items] == ["a", "b"]
    assert [s.instance for s in (await service.services(state="STARTING")).items] == ["c"]
    page = await service.services(limit=2)
    assert page.next is not None
    assert [s.instance for s in (await service.services(after=page.next)).items] == ["c"]


async def test_one_that_falls_silent_is_lost_unless_it_said_that_it_stops(store: Store) -> None:
    told = now()
    async with store.write() as connection:
        await note(connection, [heart("a"), heart("b", ServiceState.STOPPING)], told)
        for state, at in (("READY", told), ("LOST", told + SILENT)):
            rows = await read_services(connection, {"state": state}, at, 0, 10)
            assert [row.instance for row in rows] == ["a"]
        rows = await read_services(connection, {}, told + SILENT, 0, 10)
    assert [row.state for row in rows] == ["LOST", "STOPPED"]


async def test_the_lost_are_forgotten_after_a_day(store: Store) -> None:
    told = now()
    async with store.write() as connection:
        await note(connection, [heart("a")], told)
        await note(connection, [heart("b")], told + timedelta(hours=23))
        assert len(await read_services(connection, {}, told, 0, 10)) == 2
        await note(connection, [heart("b")], told + timedelta(hours=25))
        [left] = await read_services(connection, {}, told, 0, 10)
    assert left.instance == "b"


async def test_only_services_tell_of_themselves(room: Room) -> None:
    with pytest.raises(Forbidden):
        await room.client(Role.ADMIN).beat([heart()])
