"""Giving free slots to due jobs, and storing what becomes of each."""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.clock import now
from penstock_core.errors import RetriableError
from penstock_core.states import JobState
from penstock_core.store import Store
from penstock_core.stretches import stretches
from pilot import jobs, outcomes, switches
from pilot.environment import environment
from pilot.model import Claim, Failed, Outcome
from pilot.runner import JobRunner
from pilot.settings import PilotSettings
from pilot.settling import Settler
from pilot.tables import job, task

log = logging.getLogger(__name__)
_AHEAD_S = 0.25
_MOST_AHEAD = 64
_CANCEL_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Running:
    claim: Claim
    work: asyncio.Task[None]


class Dispatcher:
    """Runs as many jobs at once as there are slots.

    Parameters
    ----------
    look_again
        Called when a slot is free again or a job's pause is over.
    told
        Called after an outcome was stored.
    """

    def __init__(
        self,
        store: Store,
        runner: JobRunner,
        settings: PilotSettings,
        look_again: Callable[[], None],
        told: Callable[[], None],
    ) -> None:
        self._store = store
        self._runner = runner
        self._settings = settings
        self._look_again = look_again
        self._told = told
        self._running: dict[int, _Running] = {}
        self._settler = Settler(store, settings)
        self._ended = deque[float](maxlen=_MOST_AHEAD)
        self._timer: asyncio.TimerHandle | None = None
        self._host = socket.gethostname()
        self._environment = environment(runner.workers.rung)

    async def dispatch(self) -> bool:
        """Cancel what is to be cancelled and fill the free slots. A reconciler's work."""
        async with self._store.read() as connection:
            doomed = await _of_cancelled(connection)
            due = await jobs.first_due(connection)
            held = await switches.held(connection)
        await self._cancel(doomed)
        free = self._settings.concurrency + self._ahead() - len(self._running)
        if due is not None and not held:
            if due > now().timestamp():
                self._set_timer(due)
            elif free > 0:
                await self._fill(free)
        return False

    async def _fill(self, free: int) -> None:
        async with self._store.write() as connection:
            claims = await jobs.claim(connection, free, self._host, self._environment)
        for claim in claims:
            work = asyncio.create_task(self._run(claim), name=f"job {claim.key}")
            self._running[claim.id] = _Running(claim, work)
        if claims:
            self._told()

    def _set_timer(self, due: float) -> None:
        self._drop_timer()
        wait_s = max(0.0, due - now().timestamp())
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._look_again)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ahead(self) -> int:
        """Return how many jobs to claim beyond the slots: as many as end before the next look.

        Only where jobs are short: a long one would wait behind another, whatever its rank.
        """
        recently = time.monotonic() - _AHEAD_S
        while self._ended and self._ended[0] < recently:
            self._ended.popleft()
        return max(0, len(self._ended) - self._settings.concurrency)

    async def _run(self, claim: Claim) -> None:
        try:
            outcome = await self._outcome(claim)
            self._ended.append(time.monotonic())
            self._look_again()
            await self._settler.settle(claim, outcome)
        finally:
            del self._running[claim.id]
        self._told()
        self._look_again()

    async def _outcome(self, claim: Claim) -> Outcome:
        try:
            return await self._runner.run(claim)
        except Exception as error:  # noqa: BLE001, RUF100 - one job's defect is not the next one's
            log.exception("Job %s broke the pilot's own code.", claim.key)
            return Failed(f"The pilot itself failed: {type(error).__name__}: {error}")

    async def _cancel(self, doomed: list[tuple[int, int, str]]) -> None:
        """End the jobs of cancelled tasks: waiting ones here, running ones in the worker."""
        waiting = [(i, t) for i, t, state in doomed if state == JobState.DEFINED]
        for batch in stretches(waiting, _CANCEL_BATCH):
            async with self._store.write() as connection:
                for job_id, _ in batch:
                    await outcomes.cancel(connection, job_id, JobState.DEFINED)
                await jobs.mark_changed(connection, {task_id for _, task_id in batch})
        for job_id, _, _ in doomed:
            if job_id in self._running:
                await self._runner.workers.cancel(str(job_id))
        if waiting:
            self._told()

    async def beat(self) -> None:
        """Store every few seconds that the running jobs are running. Runs until cancelled."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            if self._running:
                try:
                    async with self._store.write() as connection:
                        await jobs.see(connection, list(self._running))
                except RetriableError as error:
                    log.warning("The heartbeat waits: %s", error)

    async def stop(self) -> None:
        """End all jobs, as a kill would: they are found lost at the next start."""
        self._drop_timer()
        works = [running.work for running in self._running.values()]
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


async def _of_cancelled(connection: AsyncConnection) -> list[tuple[int, int, str]]:
    query = (
        select(job.c.id, job.c.task_id, job.c.state)
        .join(task)
        .where(task.c.cancelled, job.c.state.in_([JobState.DEFINED, JobState.RUNNING]))
    )
    return [(row.id, row.task_id, row.state) for row in await connection.execute(query)]
