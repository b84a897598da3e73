"""The reconciler: looks at the start, when woken, and by itself; waits out what is retriable."""

import asyncio
import contextlib
import time

import pytest

from penstock_core.errors import Stale, StoreUnavailable
from penstock_core.reconciler import LONGEST_REST_S, Reconciler


class Work:
    """Answers with what it was given, in order; ends the test when it runs out."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.done = asyncio.Event()
        self.calls = 0

    async def __call__(self) -> bool:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else False
        if not self.answers:
            self.done.set()
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)


async def run_until_done(loop: Reconciler, work: Work) -> None:
    task = asyncio.create_task(loop.run())
    await asyncio.wait_for(work.done.wait(), 5)
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_it_goes_on_while_more_is_due() -> None:
    work = Work(True, True, False)
    await run_until_done(Reconciler("test", work, every_s=60), work)
    assert work.calls == 3


async def test_a_wake_makes_it_look_again() -> None:
    work = Work(False, False)
    loop = Reconciler("test", work, every_s=60)
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0.01)
    loop.wake()
    await asyncio.wait_for(work.done.wait(), 5)
    task.cancel()


async def test_a_wake_during_the_work_is_not_lost() -> None:
    loop: Reconciler

    class Waking(Work):
        async def __call__(self) -> bool:
            if self.calls == 0:
                loop.wake()
            return await super().__call__()

    work = Waking(False, False)
    loop = Reconciler("test", work, every_s=60)
    await run_until_done(loop, work)
    assert work.calls == 2


async def test_it_looks_by_itself() -> None:
    work = Work(False, False, False)
    await run_until_done(Reconciler("test", work, every_s=0.01), work)
    assert work.calls == 3


async def test_what_is_not_hurried_rests_as_long_as_it_is_told() -> None:
    rest_s = LONGEST_REST_S + 0.2
    work = Work(False, False)
    loop = Reconciler("test", work, every_s=60, rest_s=rest_s)
    task = asyncio.create_task(loop.run())
    began = time.monotonic()
    while not work.done.is_set():
        loop.wake()
        await asyncio.sleep(0.01)
    assert time.monotonic() - began >= rest_s
    task.cancel()


async def test_what_is_retriable_is_waited_out_and_shown() -> None:
    work = Work(StoreUnavailable("away"), Stale("moved on"), False)
    loop = Reconciler("test", work, every_s=60)
    await run_until_done(loop, work)
    assert work.calls == 3


async def test_a_defect_is_logged_and_the_loop_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Work(ZeroDivisionError("defect"), False)
    loop = Reconciler("test", work, every_s=60)
    await run_until_done(loop, work)
    assert work.calls == 2
    assert "test failed, and looks again" in caplog.text


async def test_cancelled_in_the_moment_of_a_wake_it_ends() -> None:
    loop = Reconciler("test", Work(False), every_s=60)
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0.01)
    loop.wake()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
