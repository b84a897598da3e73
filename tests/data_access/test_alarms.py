"""Alarms: one while it lasts, seen by whom, and over."""

import asyncio

import pytest
from tests.data_access.room import Room

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import Alarm, AlarmKey, NewAlarm
from penstock_core.errors import Forbidden, NotFound
from penstock_core.rights import Role

SUBJECT = "swf.101983.run"
NO_END = AlarmKey(kind="no_end_run", subject=SUBJECT)


def no_end(text: str = "no end_run for an hour", subject: str = SUBJECT) -> NewAlarm:
    return NewAlarm(kind="no_end_run", subject=subject, text=text)


async def alarms(client: DataAccessClient, **filters: str) -> list[Alarm]:
    return list((await client.alarms(**filters)).items)


async def topics(client: DataAccessClient) -> list[str]:
    page = await client.events(0, topics=["alarm.raised", "alarm.cleared"])
    return [event.topic for event in page.events]


async def test_an_alarm_that_is_raised_again_is_one_alarm_seen_twice(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.raise_alarms([no_end()])
    await service.raise_alarms([no_end("no end_run for two hours"), no_end(subject="swf.2.run")])
    first, second = await alarms(service)
    assert (first.count, first.text) == (2, "no end_run for two hours")
    assert first.raised_at < first.seen_at
    assert (second.subject, second.count) == ("swf.2.run", 1)
    assert await topics(service) == ["alarm.raised"] * 2


async def test_the_same_alarm_twice_in_one_call_is_one(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.raise_alarms([no_end(), no_end()])
    assert [alarm.count for alarm in await alarms(service)] == [1]


async def test_a_cleared_alarm_is_history_and_may_be_raised_anew(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.raise_alarms([no_end()])
    await service.clear_alarms([NO_END, AlarmKey(kind="other", subject=SUBJECT)])
    await service.clear_alarms([NO_END])
    assert await alarms(service) == []
    await service.raise_alarms([no_end()])
    assert [a.alarm_id for a in await alarms(service)] == [2]
    assert [a.alarm_id for a in await alarms(service, state="cleared")] == [1]
    assert len(await alarms(service, state="all")) == 2
    assert await topics(service) == ["alarm.raised", "alarm.cleared", "alarm.raised"]


async def test_alarms_are_apart_by_namespace_and_found_by_kind(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await service.raise_alarms([no_end(), no_end().model_copy(update={"namespace": "theirs"})])
    await service.raise_alarms([no_end().model_copy(update={"kind": "task_paused"})])
    assert [a.namespace for a in await alarms(service, namespace="theirs")] == ["theirs"]
    assert [a.kind for a in await alarms(service, kind="task_paused")] == ["task_paused"]
    await service.clear_alarms([NO_END])
    assert len(await alarms(service)) == 2


async def test_who_acknowledged_first_is_kept(room: Room) -> None:
    await room.client(Role.SERVICE).raise_alarms([no_end()])
    operator = room.client(Role.OPERATOR)
    seen = await operator.acknowledge_alarm(1)
    assert (seen.acknowledged_by, seen.cleared_at) == ("somebody", None)
    assert await room.client(Role.ADMIN).acknowledge_alarm(1) == seen
    with pytest.raises(NotFound, match="no alarm 7"):
        await operator.acknowledge_alarm(7)


async def test_of_many_who_raise_one_alarm_each_is_counted(room: Room) -> None:
    clients = [room.client(Role.SERVICE) for _ in range(4)]
    await asyncio.gather(*(client.raise_alarms([no_end()]) for client in clients))
    assert [alarm.count for alarm in await alarms(clients[0])] == [4]


async def test_people_do_not_raise_alarms_and_viewers_do_not_acknowledge(lite: Room) -> None:
    with pytest.raises(Forbidden):
        await lite.client(Role.OPERATOR).raise_alarms([no_end()])
    with pytest.raises(Forbidden):
        await lite.client(Role.VIEWER).acknowledge_alarm(1)
