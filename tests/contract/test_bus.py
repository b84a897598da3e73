"""What the bus port promises, kept by the local bus in memory and in a file, and by RabbitMQ."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.servers.rabbitmq import VirtualHost

from penstock_core.bus import Bus, Delivery, Message, Subscription, policies
from penstock_core.bus.local import LocalBus
from penstock_core.bus.rabbit import RabbitBus
from penstock_core.errors import BusUnavailable, InvalidInput, NotFound
from penstock_core.topology import (
    DEAD_EXCHANGE,
    WAKE_QUEUE_LENGTH,
    Binding,
    Exchange,
    Queue,
    Topology,
)

TOPOLOGY = Topology(
    exchanges=(Exchange("work", "direct"), Exchange("news", "topic"), Exchange("hint", "topic")),
    queues=(
        Queue("orders", (Binding("work", "order"),)),
        Queue("all.news", (Binding("news", "#"),)),
        Queue("run.news", (Binding("news", "run.*"),)),
        Queue("hints", (Binding("hint", "#"),), wake=True),
    ),
    delivery_limit=2,
)
PATIENCE_S = 5.0
RABBITMQ = pytest.param("rabbitmq", marks=pytest.mark.servers)

MakeBus = Callable[[], Bus]


@pytest.fixture
def make_bus(request: pytest.FixtureRequest, tmp_path: Path) -> MakeBus:
    if request.param == "memory":
        return lambda: LocalBus(TOPOLOGY, ":memory:")
    if request.param == "file":
        return lambda: LocalBus(TOPOLOGY, tmp_path / "bus.sqlite")
    host: VirtualHost = request.getfixturevalue("rabbitmq")
    asyncio.run(policies.apply(TOPOLOGY, host.management_url, host.name))
    return lambda: RabbitBus(TOPOLOGY, host.url)


@pytest.fixture
async def bus(make_bus: MakeBus) -> AsyncIterator[Bus]:
    bus = make_bus()
    await bus.start()
    yield bus
    await bus.close()


every_bus = pytest.mark.parametrize("make_bus", ["memory", "file", RABBITMQ], indirect=True)
lasting_bus = pytest.mark.parametrize("make_bus", ["file", RABBITMQ], indirect=True)


def order(n: int) -> Message:
    return Message("work", "order", str(n).encode())


def bodies(deliveries: list[Delivery]) -> list[bytes]:
    return [d.message.body for d in deliveries]


async def take(subscription: Subscription, count: int) -> list[Delivery]:
    """Return exactly ``count`` deliveries, however they are cut into batches."""
    taken: list[Delivery] = []
    while len(taken) < count:
        batch = await subscription.batch(count - len(taken), PATIENCE_S)
        assert batch, f"only {bodies(taken)} of {count} arrived"
        taken += batch
    return taken


async def depth_becomes(bus: Bus, queue: str, depth: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await bus.depth(queue) != depth:
            await asyncio.sleep(0.02)


@every_bus
async def test_messages_come_in_the_order_they_were_published(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(50)])
    await bus.publish([order(n) for n in range(50, 100)])
    subscription = await bus.subscribe("orders")
    assert bodies(await take(subscription, 100)) == [str(n).encode() for n in range(100)]


@every_bus
async def test_properties_headers_and_body_travel_unharmed(bus: Bus) -> None:
    sent = Message(
        "work",
        "order",
        b"\x00\xff not { json",
        message_id="id-1",
        type="file.input",
        timestamp=datetime(2026, 3, 1, 12, 0, 0, 123456, UTC),
        correlation_id="c-1",
        reply_to="orders",
        headers={"traceparent": "00-ab-cd-01", "namespace": "défaut"},
    )
    await bus.publish([sent])
    [delivery] = await take(await bus.subscribe("orders"), 1)
    assert replace(delivery.message, headers=dict(delivery.message.headers)) == sent
    assert (delivery.queue, delivery.delivery_count) == ("orders", 0)


@every_bus
async def test_a_topic_reaches_every_queue_whose_pattern_matches(bus: Bus) -> None:
    keys = ["run.start", "run", "run.start.late", "tape"]
    await bus.publish([Message("news", key, key.encode()) for key in keys])
    everything, runs = await bus.subscribe("all.news"), await bus.subscribe("run.news")
    assert bodies(await take(everything, 4)) == [key.encode() for key in keys]
    assert bodies(await take(runs, 1)) == [b"run.start"]
    assert await runs.batch(1, 0.1) == []


@every_bus
async def test_a_batch_is_never_larger_than_asked_for(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(10)])
    subscription = await bus.subscribe("orders")
    first = await subscription.batch(4, PATIENCE_S)
    assert 1 <= len(first) <= 4
    assert len(await take(subscription, 10 - len(first))) == 10 - len(first)


@every_bus
async def test_a_batch_waits_for_what_comes_later(bus: Bus) -> None:
    subscription = await bus.subscribe("orders")
    waiting = asyncio.create_task(subscription.batch(10, PATIENCE_S))
    await asyncio.sleep(0.05)
    await bus.publish([order(1)])
    assert bodies(await waiting) == [b"1"]


@every_bus
async def test_waiting_in_vain_gives_an_empty_batch(bus: Bus) -> None:
    subscription = await bus.subscribe("orders")
    assert await subscription.batch(10, 0.05) == []
    assert await subscription.batch(10, 0) == []


@every_bus
async def test_a_cancelled_batch_loses_nothing(bus: Bus) -> None:
    subscription = await bus.subscribe("orders")
    waiting = asyncio.create_task(subscription.batch(1, PATIENCE_S))
    await asyncio.sleep(0.02)
    publishing = asyncio.create_task(bus.publish([order(1)]))
    waiting.cancel()
    await publishing
    assert bodies(await take(subscription, 1)) == [b"1"]


@every_bus
async def test_an_unroutable_message_is_an_error_and_the_others_are_published(bus: Bus) -> None:
    lost = Message("work", "nobody", b"lost")
    nowhere = Message("no.such.exchange", "order", b"lost too")
    with pytest.raises(NotFound) as caught:
        await bus.publish([order(1), lost, nowhere, order(2)])
    assert set(caught.value.facts["message_ids"]) == {lost.message_id, nowhere.message_id}
    assert bodies(await take(await bus.subscribe("orders"), 2)) == [b"1", b"2"]


@every_bus
async def test_the_nameless_exchange_reaches_a_queue_by_its_name(bus: Bus) -> None:
    await bus.publish([Message("", "orders", b"reply")])
    assert bodies(await take(await bus.subscribe("orders"), 1)) == [b"reply"]


@every_bus
async def test_a_repeated_message_id_comes_twice(bus: Bus) -> None:
    message = order(1)
    await bus.publish([message, message])
    both = await take(await bus.subscribe("orders"), 2)
    assert [d.message.message_id for d in both] == [message.message_id] * 2


@every_bus
async def test_an_unknown_queue_cannot_be_consumed_or_measured(bus: Bus) -> None:
    with pytest.raises(NotFound, match="ordres"):
        await bus.subscribe("ordres")
    with pytest.raises(NotFound, match="ordres"):
        await bus.depth("ordres")


@every_bus
async def test_publishing_nothing_is_nothing(bus: Bus) -> None:
    await bus.publish([])
    assert await bus.depth("orders") == 0


@every_bus
async def test_acknowledged_messages_never_come_again(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(6)])
    first = await bus.subscribe("orders")
    taken = await take(first, 6)
    await first.acknowledge([taken[1], taken[4], taken[0]])
    await first.acknowledge([taken[1]])
    await first.close()
    second = await bus.subscribe("orders")
    assert bodies(await take(second, 3)) == [b"2", b"3", b"5"]


@every_bus
async def test_closing_gives_back_what_was_not_acknowledged_with_its_count_raised(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(3)])
    first = await bus.subscribe("orders")
    taken = await take(first, 3)
    await first.acknowledge(taken[:1])
    await first.close()
    again = await take(await bus.subscribe("orders"), 2)
    assert [(d.message.body, d.delivery_count) for d in again] == [(b"1", 1), (b"2", 1)]


@every_bus
async def test_requeued_messages_come_again_ahead_of_newer_ones(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(4)])
    subscription = await bus.subscribe("orders", prefetch=2)
    taken = await take(subscription, 2)
    await subscription.requeue(taken)
    again = await take(subscription, 2)
    assert [(d.message.body, d.delivery_count) for d in again] == [(b"0", 1), (b"1", 1)]
    await subscription.acknowledge(again)
    assert bodies(await take(subscription, 2)) == [b"2", b"3"]


@every_bus
async def test_the_old_delivery_of_a_requeued_message_acknowledges_nothing(bus: Bus) -> None:
    await bus.publish([order(1)])
    subscription = await bus.subscribe("orders")
    old = await take(subscription, 1)
    await subscription.requeue(old)
    await subscription.acknowledge(old)
    assert bodies(await take(subscription, 1)) == [b"1"]


@every_bus
async def test_no_more_than_the_prefetch_is_handed_out_unacknowledged(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(5)])
    subscription = await bus.subscribe("orders", prefetch=3)
    taken = await take(subscription, 3)
    assert await subscription.batch(10, 0.1) == []
    await subscription.acknowledge(taken)
    assert bodies(await take(subscription, 2)) == [b"3", b"4"]


@every_bus
async def test_past_the_delivery_limit_a_message_is_a_dead_letter(bus: Bus) -> None:
    await bus.publish([order(7)])
    counts = []
    for _ in range(TOPOLOGY.delivery_limit + 1):
        subscription = await bus.subscribe("orders")
        counts += [d.delivery_count for d in await take(subscription, 1)]
        await subscription.close()
    assert counts == [0, 1, 2]
    [dead] = await take(await bus.subscribe("orders.dead"), 1)
    assert dead.message.body == b"7"
    assert (dead.message.exchange, dead.message.routing_key) == (DEAD_EXCHANGE, "orders")
    assert dict(dead.message.headers) == {
        "reason": "delivery_limit",
        "first_queue": "orders",
        "first_exchange": "work",
        "first_routing_key": "order",
    }
    assert await bus.depth("orders") == 0


@every_bus
async def test_a_dead_letter_keeps_its_properties_and_says_why_and_from_where(bus: Bus) -> None:
    sent = replace(order(7), headers={"namespace": "night"}, correlation_id="c-7")
    await bus.publish([sent, order(8)])
    subscription = await bus.subscribe("orders")
    bad, good = await take(subscription, 2)
    await subscription.dead_letter(bad, "body is no JSON")
    await subscription.acknowledge([good])
    await subscription.close()
    [dead] = await take(await bus.subscribe("orders.dead"), 1)
    assert dead.delivery_count == 0
    assert replace(dead.message, headers=dict(dead.message.headers)) == replace(
        sent,
        exchange=DEAD_EXCHANGE,
        routing_key="orders",
        headers={
            "namespace": "night",
            "reason": "body is no JSON",
            "first_queue": "orders",
            "first_exchange": "work",
            "first_routing_key": "order",
        },
    )
    await depth_becomes(bus, "orders", 0)


@every_bus
async def test_a_reason_of_any_length_finds_room(bus: Bus) -> None:
    await bus.publish([order(7)])
    subscription = await bus.subscribe("orders")
    [bad] = await take(subscription, 1)
    await subscription.dead_letter(bad, "x" * 300_000)
    [dead] = await take(await bus.subscribe("orders.dead"), 1)
    assert dead.message.headers["reason"].startswith("xxx")


def test_a_property_too_long_for_amqp_is_refused_on_any_bus() -> None:
    with pytest.raises(InvalidInput, match="routing_key"):
        Message("work", "é" * 128, b"")


@every_bus
async def test_a_dead_letter_cannot_die_again_but_can_wait_for_ever(bus: Bus) -> None:
    await bus.publish([Message(DEAD_EXCHANGE, "orders", b"dead")])
    subscription = await bus.subscribe("orders.dead")
    for _ in range(TOPOLOGY.delivery_limit + 2):
        await subscription.requeue(await take(subscription, 1))
    [dead] = await take(subscription, 1)
    with pytest.raises(NotFound, match=r"orders\.dead"):
        await subscription.dead_letter(dead, "again")


@every_bus
async def test_two_consumers_share_a_queue(bus: Bus) -> None:
    one = await bus.subscribe("orders", prefetch=1)
    other = await bus.subscribe("orders", prefetch=1)
    await bus.publish([order(1), order(2)])
    assert sorted(bodies(await take(one, 1) + await take(other, 1))) == [b"1", b"2"]


@every_bus
async def test_depth_counts_what_waits_and_not_what_is_handed_out(bus: Bus) -> None:
    await bus.publish([order(n) for n in range(5)])
    await depth_becomes(bus, "orders", 5)
    subscription = await bus.subscribe("orders", prefetch=2)
    taken = await take(subscription, 2)
    await depth_becomes(bus, "orders", 3)
    await subscription.requeue(taken)
    await subscription.close()
    await depth_becomes(bus, "orders", 5)


@every_bus
async def test_a_wake_queue_drops_its_oldest_hints(bus: Bus) -> None:
    count = WAKE_QUEUE_LENGTH + 5
    await bus.publish([Message("hint", "dataset", str(n).encode()) for n in range(count)])
    await depth_becomes(bus, "hints", WAKE_QUEUE_LENGTH)
    subscription = await bus.subscribe("hints", prefetch=WAKE_QUEUE_LENGTH)
    assert bodies(await take(subscription, WAKE_QUEUE_LENGTH))[0] == b"5"


@every_bus
async def test_a_hint_is_handed_back_or_dropped_like_any_message(bus: Bus) -> None:
    await bus.publish([Message("hint", "dataset", b"a"), Message("hint", "dataset", b"b")])
    subscription = await bus.subscribe("hints", prefetch=2)
    first, second = await take(subscription, 2)
    await subscription.requeue([first])
    [again] = await take(subscription, 1)
    assert (again.message.body, again.delivery_count) == (b"a", 1)
    await subscription.dead_letter(again, "a hint leaves no trace")
    await subscription.acknowledge([second])
    await subscription.close()
    await depth_becomes(bus, "hints", 0)


@every_bus
async def test_a_closed_subscription_and_a_closed_bus_say_so(make_bus: MakeBus) -> None:
    bus = make_bus()
    await bus.start()
    subscription = await bus.subscribe("orders")
    waiting = asyncio.create_task(subscription.batch(1, PATIENCE_S))
    await asyncio.sleep(0.02)
    await bus.close()
    with pytest.raises(BusUnavailable):
        await waiting
    with pytest.raises(BusUnavailable):
        await subscription.batch(1, 0)
    with pytest.raises(BusUnavailable):
        await bus.publish([order(1)])


@every_bus
async def test_publishers_in_parallel_lose_and_double_nothing(bus: Bus) -> None:
    subscription = await bus.subscribe("orders", prefetch=3000)
    groups = [[order(100 * g + n) for n in range(100)] for g in range(20)]
    await asyncio.gather(*(bus.publish(group) for group in groups))
    taken = await take(subscription, 2000)
    await subscription.acknowledge(taken)
    assert sorted(int(b) for b in bodies(taken)) == list(range(2000))
    by_group = [[int(b) for b in bodies(taken) if int(b) // 100 == g] for g in range(20)]
    assert by_group == [list(range(100 * g, 100 * g + 100)) for g in range(20)]


@lasting_bus
async def test_the_backlog_outlives_the_bus(make_bus: MakeBus) -> None:
    first = make_bus()
    await first.start()
    await first.publish([order(n) for n in range(5)])
    subscription = await first.subscribe("orders")
    await subscription.acknowledge((await take(subscription, 3))[:1])
    await first.close()
    second = make_bus()
    await second.start()
    again = await take(await second.subscribe("orders"), 4)
    assert bodies(again) == [b"1", b"2", b"3", b"4"]
    await second.close()


@every_bus
async def test_it_tells_how_its_queues_stand(bus: Bus) -> None:
    subscription = await bus.subscribe("orders", prefetch=1)
    await bus.publish([order(n) for n in range(3)])
    await take(subscription, 1)
    await depth_becomes(bus, "orders", 2)
    states = {state.name: state for state in await bus.queues()}
    assert set(states) == {"orders", "all.news", "run.news", "hints"} | {
        f"{name}.dead" for name in ("orders", "all.news", "run.news")
    }
    assert (states["orders"].ready, states["orders"].consumers) == (2, 1)
    assert (states["all.news"].ready, states["all.news"].consumers) == (0, 0)
    assert [name for name, state in states.items() if state.is_wake] == ["hints"]
    assert {name for name, state in states.items() if state.is_dead_letter} == {
        name for name in states if name.endswith(".dead")
    }
