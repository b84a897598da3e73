"""Running one job from its claim to its outcome: stage in, work, stage out."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from penstock_core.errors import PenstockError, RetriableError
from pilot.bad_inputs import BadInputs
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
from pilot.worker.launch import Limits
from pilot.worker_client import Order, WarmWorker, WorkerLost


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs jobs with all that they need around them."""

    settings: PilotSettings
    recipes: RecipeShelf
    inputs: InputFiles
    bad_inputs: BadInputs
    storage: StorageId
    scratch: Scratch
    worker: WarmWorker

    async def run(self, claim: Claim) -> Outcome:
        """Return what became of a claimed job; its folder is gone afterwards."""
        folder = await asyncio.to_thread(self.scratch.make, claim)
        try:
            return await self._run_at(await self._open(folder, claim))
        except RetriableError as error:
            return Postponed(str(error))
        except WorkerLost as error:
            return Lost(str(error))
        except PenstockError as error:
            return Failed(str(error), final=True)
        finally:
            await asyncio.shield(asyncio.to_thread(self.scratch.remove, folder))

    async def _open(self, folder: Path, claim: Claim) -> Site:
        recipe = await self.recipes.recipe(claim.spec.recipe_digest)
        bundle = await self.recipes.bundle(claim.spec.recipe_digest)
        storage, storage_id = await self.storage.get()
        roots = (folder.resolve(), bundle.resolve())
        stage_out = StageOut(storage, storage_id, claim, folder, roots)
        return Site(recipe, recipe.step(claim.spec.step), folder, bundle, stage_out)

    async def _run_at(self, site: Site) -> Outcome:
        inputs: Inputs = {}
        try:
            inputs = await self.inputs.of_job(site.claim, site.step)
            await self._prepare(site, inputs)
            order = self._order(site)
            ending = await self.worker.run(order)
            return await asyncio.to_thread(site.conclude, ending, order.wall_s, inputs)
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

    def _order(self, site: Site) -> Order:
        needs = site.step.resources
        wall_s = float(needs.time_limit_s or self.settings.default_time_limit_s)
        limits = Limits(
            cpu_s=int(wall_s * max(1.0, needs.cores)) + 1,
            file_bytes=self.settings.max_file_bytes,
            open_files=self.settings.max_open_files,
        )
        return Order(str(site.claim.id), site.folder, wall_s, limits)
