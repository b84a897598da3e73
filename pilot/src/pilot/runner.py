"""Running one job from its claim to its outcome: stage in, work, stage out."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from penstock_core.errors import PenstockError, RetriableError
from penstock_core.sandbox import Limits
from pilot import engine, scratch
from pilot.bad_inputs import BadInputs
from pilot.container_choice import contained
from pilot.containers import Containers
from pilot.engine import Engine
from pilot.inputs import InputFiles
from pilot.model import (
    BadInput,
    Cancelled,
    Claim,
    Failed,
    Inputs,
    Lost,
    Outcome,
    Postponed,
    UnusableInput,
)
from pilot.recipes import RecipeShelf
from pilot.scratch import Scratch
from pilot.settings import PilotSettings
from pilot.site import Site
from pilot.stage_out import StageOut
from pilot.storage_id import StorageId
from pilot.worker.ending import Ending
from pilot.worker.usage import Most
from pilot.worker_client import Order, WorkerLost
from pilot.workers import Workers


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs jobs with all that they need around them: in a slot, but for staging in and out."""

    settings: PilotSettings
    recipes: RecipeShelf
    inputs: InputFiles
    bad_inputs: BadInputs
    storage: StorageId
    scratch: Scratch
    workers: Workers
    engine: Engine | None
    slots: asyncio.Semaphore

    async def run(self, claim: Claim) -> Outcome:
        """Return what became of a claimed job; its folder is gone afterwards."""
        folder = self.scratch.place(claim)
        try:
            return await self._run_at(await self._open(folder, claim))
        except RetriableError as error:
            return Postponed(str(error))
        except WorkerLost as error:
            return Lost(str(error))
        except PenstockError as error:
            return Failed(str(error), final=True)
        finally:
            if folder.exists():
                await asyncio.shield(asyncio.to_thread(scratch.remove, folder))

    async def _open(self, folder: Path, claim: Claim) -> Site:
        recipe = await self.recipes.recipe(claim.spec.recipe_digest)
        bundle = await self.recipes.bundle(claim.spec.recipe_digest)
        storage, storage_id = await self.storage.get()
        roots = (folder.resolve(), bundle.resolve())
        stage_out = StageOut(storage, storage_id, claim, folder, roots)
        step = recipe.step(claim.spec.step)
        inside = contained(step.job_document, self.settings.containers, self.engine)
        if inside or not self.settings.fast:
            step = step.model_copy(update={"fast": None})
        return Site(recipe, step, folder, bundle, stage_out, inside)

    async def _run_at(self, site: Site) -> Outcome:
        inputs: Inputs = {}
        try:
            inputs = await self.inputs.of_job(site.claim, site.step)
            await self._prepare(site, inputs)
            order = self._order(site)
            async with self.slots, self._containers(site, order):
                ending = await self.workers.run(order)
            return await asyncio.to_thread(_conclude, site, ending, order, inputs)
        except RetriableError:
            raise
        except UnusableInput as error:
            return Cancelled(error.message)
        except (PenstockError, OSError) as error:
            return await asyncio.to_thread(site.fail, error, inputs)

    async def _prepare(self, site: Site, inputs: Inputs) -> None:
        """Stage in; an input whose bytes are wrong is told, for nobody is to use it again."""
        try:
            await asyncio.to_thread(site.prepare, inputs)
        except BadInput as error:
            await self.bad_inputs.tell(error)
            raise

    def _containers(self, site: Site, order: Order) -> AbstractAsyncContextManager[None]:
        """Return the context in which a job gets the containers that it asks for."""
        if not site.contained or self.engine is None:
            return nullcontext()
        limits = engine.Limits(
            memory_bytes=order.most.memory_bytes,
            processes=order.most.processes,
            open_files=self.settings.max_open_files,
            network=order.cell.network,
        )
        return Containers(self.engine).serving(site.folder, site.stage_out.roots, limits)

    def _order(self, site: Site) -> Order:
        needs, settings = site.step.resources, self.settings
        wall_s = float(needs.time_limit_s or settings.default_time_limit_s)
        memory = max(settings.memory_of_job, needs.memory_mib << 20)
        limits = Limits(
            cpu_s=int(wall_s * max(1.0, needs.cores)) + 1,
            memory_bytes=memory,
            file_bytes=settings.max_file_bytes,
            open_files=settings.max_open_files,
            processes=settings.max_processes,
        )
        most = Most(
            memory_bytes=memory,
            disk_bytes=settings.max_disk_bytes,
            files=settings.max_files,
            log_bytes=settings.max_log_bytes,
            processes=settings.max_processes,
        )
        network = needs.network and settings.network
        cell = self.workers.cell(site.folder, site.bundle, limits, network=network)
        return Order(str(site.claim.id), cell, wall_s, most)


def _conclude(site: Site, ending: Ending, order: Order, inputs: Inputs) -> Outcome:
    """Return what an ending means, and remove what is not needed any more. Blocking."""
    outcome = site.conclude(ending, order, inputs)
    scratch.remove(site.folder)
    return outcome
