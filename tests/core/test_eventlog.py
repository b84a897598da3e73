"""The event log: written with the change, read in the order of commits, followed once."""

import asyncio

import pytest

from penstock_core.bus.local import LocalBus
from penstock_core.errors import Stale
from penstock_core.eventlog import EventLog, NewEvent
from penstock_core.outbox import Outbox
from penstock_core.store import Store
from penstock_core.topology import Binding, Exchange, Queue, Topology


def event(number: int, topic: str = "dataset.registered") -> NewEvent:
    return NewEvent(topic, f"d{number}", "default", {"number": number})


async def append(store: Store, log: EventLog, *events: NewEvent) -> None:
    async with store.write() as connection:
        await log.append(connection, events)


async def test_events_are_read_in_their_order_and_in_pages(store: Store, log: EventLog) -> None:
    await append(store, log, *(event(n) for n in range(5)))
    async with store.read() as connection:
        first = await log.page(connection, 0, 3)
        rest = await log.page(connection, first.cursor, 3)
    assert [e.body["number"] for e in (*first.events, *rest.events)] == [0, 1, 2, 3, 4]


async def test_a_change_that_is_rolled_back_leaves_no_event(store: Store, log: EventLog) -> None:
    async def change_that_fails() -> None:
        async with store.write() as connection:
            await log.append(connection, [event(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_that_fails()
    async with store.read() as connection:
        assert (await log.page(connection, 0, 10)).events == ()


async def test_the_cursor_moves_past_events_of_other_topics(store: Store, log: EventLog) -> None:
    await append(store, log, event(1), event(2, "file.registered"))
    async with store.read() as connection:
        page = await log.page(connection, 0, 10, ["dataset.registered"])
    assert ([e.key for e in page.events], page.cursor) == (["d1"], 2)


async def test_of_two_followers_at_one_place_the_second_is_stale(
    store: Store, log: EventLog
) -> None:
    async with store.write() as connection:
        await log.move(connection, "me", 0, 7)
    with pytest.raises(Stale) as refused:
        async with store.write() as connection:
            await log.move(connection, "me", 0, 9)
    assert refused.value.facts["cursor"] == 7


async def test_of_two_that_start_together_one_is_stale(store: Store, log: EventLog) -> None:
    async def move() -> str:
        try:
            async with store.write() as connection:
                await log.move(connection, "new", 0, 5)
        except Stale:
            return "stale"
        return "moved"

    assert sorted(await asyncio.gather(move(), move())) == ["moved", "stale"]


async def test_a_follower_misses_nothing_while_many_write(store: Store, log: EventLog) -> None:
    writers = [append(store, log, event(n), event(n + 100)) for n in range(40)]

    async def follow() -> list[int]:
        seen: list[int] = []
        cursor = 0
        while len(seen) < 80:
            async with store.read() as connection:
                page = await log.page(connection, cursor, 7)
            seen += [e.body["number"] for e in page.events]
            cursor = page.cursor
            await asyncio.sleep(0)
        return seen

    *_, seen = await asyncio.wait_for(asyncio.gather(*writers, follow()), 30)
    assert sorted(seen) == sorted([*range(40), *range(100, 140)])


async def test_the_outbox_publishes_each_event_in_order(store: Store, log: EventLog) -> None:
    topology = Topology(
        (Exchange("dsm.event", "topic"),), (Queue("all", (Binding("dsm.event", "#"),)),)
    )
    bus = LocalBus(topology, ":memory:")
    await bus.start()
    await append(store, log, *(event(n) for n in range(3)))
    outbox = Outbox(store, log, bus, "dsm.event")
    while await outbox.relay():
        pass
    await outbox.relay()
    subscription = await bus.subscribe("all")
    got = await subscription.batch(10, 1)
    assert [d.message.message_id for d in got] == ["dsm.event:1", "dsm.event:2", "dsm.event:3"]
    await bus.close()


async def test_an_event_that_nobody_waits_for_holds_no_other_up(
    store: Store, log: EventLog
) -> None:
    topology = Topology(
        (Exchange("dsm.event", "topic"),), (Queue("some", (Binding("dsm.event", "dataset.*"),)),)
    )
    bus = LocalBus(topology, ":memory:")
    await bus.start()
    await append(store, log, event(1), event(2, "alarm.raised"), event(3))
    outbox = Outbox(store, log, bus, "dsm.event")
    await outbox.relay()
    await append(store, log, event(4))
    await outbox.relay()
    got = await (await bus.subscribe("some")).batch(10, 1)
    assert [d.message.message_id for d in got] == ["dsm.event:1", "dsm.event:3", "dsm.event:4"]
    await bus.close()


async def test_commits_wake_whoever_asked(store: Store, log: EventLog) -> None:
    woken: list[int] = []
    store.after_commit(lambda: woken.append(1))
    await append(store, log, event(1))
    assert woken == [1]
