"""What a handler may count on: batches, retries, acknowledgement after the effect, dead letters."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import pytest

from penstock_core.bus import Delivery, Message
from penstock_core.bus.local import LocalBus
from penstock_core.dispatch import DONE, Handle, OnHold, Outcome, consume, groups
from penstock_core.errors import InvalidMessage, NotFound, RetriableError, StoreUnavailable
from penstock_core.topology import Binding, Exchange, Queue, Topology

TOPOLOGY = Topology((Exchange("work", "direct"),), (Queue("orders", (Binding("work", "order"),)),))
PATIENCE_S = 5.0


@pytest.fixture
async def bus() -> AsyncIterator[LocalBus]:
    bus = LocalBus(TOPOLOGY, ":memory:")
    await bus.start()
    yield bus
    await bus.close()


class Handler:
    """Records its calls; ``verdicts`` says by body what to raise, once for each entry."""

    def __init__(self, **verdicts: list[Exception]) -> None:
        self.calls: list[list[str]] = []
        self._verdicts = verdicts

    async def __call__(self, deliveries: list[Delivery]) -> list[Outcome]:
        bodies = [d.message.body.decode() for d in deliveries]
        self.calls.append(bodies)
        for body in bodies:
            if self._verdicts.get(body):
                raise self._verdicts[body].pop(0)
        return [Outcome("not wanted") if b == "refused" else DONE for b in bodies]


async def publish(bus: LocalBus, *bodies: str) -> None:
    await bus.publish([Message("work", "order", body.encode()) for body in bodies])


async def consume_all(bus: LocalBus, handle: Handle, on_hold: OnHold | None = None) -> list[str]:
    """Consume until the queue is empty and settled; return the reasons of the dead letters."""
    no_pauses = lambda: itertools.repeat(0.0)  # noqa: E731
    consumer = asyncio.create_task(
        consume(bus, "orders", handle, on_hold=on_hold, pauses=no_pauses)
    )
    await bus.publish([Message("work", "order", b"last")])
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (consumer.done() or await _is_settled(bus)):
                await asyncio.sleep(0.01)
    finally:
        consumer.cancel()
        await asyncio.wait({consumer})
    assert await bus.depth("orders") == 0, "some were not acknowledged"
    dead = await (await bus.subscribe("orders.dead")).batch(100, 0)
    return [f"{d.message.body.decode()}: {d.message.headers['reason']}" for d in dead]


async def _is_settled(bus: LocalBus) -> bool:
    """Return whether nothing waits, and nothing comes back when a consumer would end now."""
    if await bus.depth("orders"):
        return False
    await asyncio.sleep(0.05)
    return await bus.depth("orders") == 0


async def test_a_batch_is_one_call_in_the_order_of_the_queue(bus: LocalBus) -> None:
    await publish(bus, "a", "b", "c")
    handler = Handler()
    assert await consume_all(bus, handler) == []
    assert list(itertools.chain(*handler.calls)) == ["a", "b", "c", "last"]
    assert handler.calls[0][:3] == ["a", "b", "c"]


async def test_a_refused_message_is_dead_with_its_reason(bus: LocalBus) -> None:
    await publish(bus, "a", "refused", "b")
    assert await consume_all(bus, Handler()) == ["refused: not wanted"]


async def test_one_bad_message_does_not_stop_its_batch(bus: LocalBus) -> None:
    await publish(bus, "a", "bad", "b")
    handler = Handler(bad=[InvalidMessage("no JSON") for _ in range(2)])
    assert await consume_all(bus, handler) == ["bad: no JSON"]
    assert handler.calls[1:4] == [["a"], ["bad"], ["b"]]


async def test_what_fails_three_times_alone_is_dead(bus: LocalBus) -> None:
    await publish(bus, "a", "odd")
    handler = Handler(odd=[RuntimeError("defect") for _ in range(4)])
    assert await consume_all(bus, handler) == [
        "odd: failed 3 times, handled alone: RuntimeError: defect"
    ]
    assert handler.calls.count(["odd"]) == 3


async def test_what_succeeds_at_the_third_attempt_lives(bus: LocalBus) -> None:
    await publish(bus, "a", "odd")
    handler = Handler(odd=[RuntimeError("defect") for _ in range(3)])
    assert await consume_all(bus, handler) == []
    assert handler.calls.count(["odd"]) == 3


async def test_a_transient_fault_holds_the_batch_and_nothing_is_dead(bus: LocalBus) -> None:
    await publish(bus, "a", "b")
    handler = Handler(a=[StoreUnavailable("away") for _ in range(20)])
    told: list[tuple[int, str]] = []

    async def on_hold(deliveries: Sequence[Delivery], error: RetriableError) -> None:
        told.append((len(deliveries), error.message))

    assert await consume_all(bus, handler, on_hold) == []
    assert told == [(len(handler.calls[0]), "away")]
    assert all(call == handler.calls[0] for call in handler.calls[:21])


async def test_nothing_is_consumed_and_nothing_acknowledged_during_a_hold(bus: LocalBus) -> None:
    is_held = asyncio.Event()

    async def away(deliveries: list[Delivery]) -> list[Outcome]:
        is_held.set()
        raise StoreUnavailable("away")

    await publish(bus, "a")
    consumer = asyncio.create_task(consume(bus, "orders", away))
    await is_held.wait()
    await publish(bus, "b")
    await asyncio.sleep(0.05)
    assert await bus.depth("orders") == 1
    consumer.cancel()
    await asyncio.wait({consumer})
    assert await bus.depth("orders") == 2


async def test_redelivered_messages_are_handled_alone(bus: LocalBus) -> None:
    await publish(bus, "a", "b")
    died = await bus.subscribe("orders")
    await died.batch(2, PATIENCE_S)
    await died.close()
    await publish(bus, "c", "d")
    handler = Handler()
    assert await consume_all(bus, handler) == []
    assert handler.calls[:2] == [["a"], ["b"]]
    assert handler.calls[2][:2] == ["c", "d"]


async def test_outcomes_that_do_not_match_the_batch_end_the_consumer(bus: LocalBus) -> None:
    async def forgetful(deliveries: list[Delivery]) -> list[Outcome]:
        return [DONE]

    await publish(bus, "a", "b")
    with pytest.raises(ValueError, match="zip"):
        await consume(bus, "orders", forgetful)
    assert await bus.depth("orders") == 2


async def test_an_unknown_queue_is_said_at_once(bus: LocalBus) -> None:
    with pytest.raises(NotFound):
        await consume(bus, "ordres", Handler())


def test_groups_keep_the_order() -> None:
    counts = [0, 0, 1, 2, 0]
    message = Message("work", "order", b"")
    deliveries = [Delivery(message, "orders", n, count) for n, count in enumerate(counts)]
    assert [[d.tag for d in group] for group in groups(deliveries)] == [[0, 1], [2], [3], [4]]
