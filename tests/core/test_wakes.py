"""Hints wake, and are gone."""

import asyncio

from penstock_core.bus import Message
from penstock_core.bus.local import LocalBus
from penstock_core.topology import PENSTOCK, Binding
from penstock_core.wakes import Waker, follow_wakes


async def test_hints_that_lie_together_wake_once_and_are_gone() -> None:
    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    await bus.publish([Message("dsm.event", "dataset.closed", b"{}") for _ in range(50)])
    wakes: list[None] = []
    woken = asyncio.Event()

    def wake() -> None:
        wakes.append(None)
        woken.set()

    follower = asyncio.ensure_future(follow_wakes(bus, "scheduler.wake", wake)())
    await asyncio.wait_for(woken.wait(), 5)
    follower.cancel()
    await asyncio.wait({follower})
    assert len(wakes) == 1
    assert await bus.depth("scheduler.wake") == 0
    await bus.close()


async def test_a_hint_wakes_those_alone_that_it_concerns() -> None:
    bus = LocalBus(PENSTOCK, ":memory:")
    await bus.start()
    woken: list[str] = []
    done = asyncio.Event()
    wakers = [
        Waker(lambda: woken.append("datasets"), (Binding("dsm.event", "dataset.*"),)),
        Waker(lambda: woken.append("tasks"), (Binding("wfms.event", "task.*"),)),
        Waker(done.set, (Binding("dsm.event", "#"), Binding("wms.event", "#"))),
    ]
    await bus.publish([Message("dsm.event", "dataset.closed", b"{}") for _ in range(3)])
    follower = asyncio.ensure_future(follow_wakes(bus, "task-manager.wake", wakers)())
    await asyncio.wait_for(done.wait(), 5)
    follower.cancel()
    await asyncio.wait({follower})
    assert woken == ["datasets"]
    await bus.close()
