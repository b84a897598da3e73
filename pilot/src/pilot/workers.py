"""The pilot's warm workers and what holds them in: one without network, one with it if need be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from penstock_core.sandbox import Cell, House, Limits, Rung
from pilot.worker.ending import Ending
from pilot.worker_client import Order, WarmWorker


@dataclass(frozen=True, slots=True)
class Workers:
    """Starts workers as jobs need them.

    Attributes
    ----------
    rung
        What holds jobs in.
    scratch, shelf
        The folders of all jobs and of all bundles; a job sees its own of each.
    readable
        Further folders that jobs may read.
    """

    rung: Rung
    scratch: Path
    shelf: Path
    readable: tuple[Path, ...] = ()
    _workers: dict[bool, WarmWorker] = field(default_factory=dict)

    def cell(self, folder: Path, bundle: Path, limits: Limits, *, network: bool) -> Cell:
        """Return what holds the job of a folder in."""
        system = self._house(network).system
        readable = (*system, *self.readable, bundle)
        covered = (self.scratch, self.shelf)
        return Cell(folder, covered, readable, limits, self.rung, network)

    async def run(self, order: Order) -> Ending:
        """Run a job to its end; raises ``WorkerLost``. Cancelling this kills the job."""
        return await self._worker(order.cell.network).run(order)

    async def cancel(self, job: str) -> None:
        """Have a job killed, if it runs."""
        for worker in self._workers.values():
            await worker.cancel(job)

    async def warm(self) -> None:
        """Have a worker started, before a job needs it."""
        await self._worker(network=False).warm()

    async def close(self) -> None:
        """End the workers and all their jobs; returns when they are gone."""
        for worker in self._workers.values():
            await worker.close()

    @property
    def pids(self) -> Sequence[int]:
        """Return the process ids of the workers that run."""
        return [worker.pid for worker in self._workers.values() if worker.pid is not None]

    def _worker(self, network: bool) -> WarmWorker:
        return self._workers.setdefault(network, WarmWorker(self.rung, self._house(network)))

    def _house(self, network: bool) -> House:
        return House((*self.readable, self.shelf), (self.scratch,), network)
