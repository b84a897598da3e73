"""Running one job from its claim to its outcome: stage in, work, stage out."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock_core.contracts.dsm import ContentFile
from penstock_core.errors import PenstockError, RetriableError
from pilot import payload_log
from pilot.inputs import InputFiles
from pilot.model import (
    Cancelled,
    Claim,
    Failed,
    Inputs,
    JobError,
    Lost,
    Outcome,
    Postponed,
    Staged,
    Traces,
)
from pilot.recipes import RecipeShelf, with_paths
from pilot.scratch import Scratch
from pilot.settings import PilotSettings
from pilot.stage_in import stage_in
from pilot.stage_out import StageOut, read_result
from pilot.storage_id import StorageId
from pilot.worker.files import LOG_NAME, REQUEST_NAME
from pilot.worker.launch import Limits
from pilot.worker.supervisor import Ending
from pilot.worker_client import Order, WarmWorker, WorkerLost
from recipe.model import Recipe, Step


@dataclass(frozen=True, slots=True)
class JobRunner:
    """All that a job needs around it."""

    settings: PilotSettings
    recipes: RecipeShelf
    inputs: InputFiles
    storage: StorageId
    scratch: Scratch
    worker: WarmWorker

    async def run(self, claim: Claim) -> Outcome:
        """Return what became of a claimed job; its folder is gone afterwards."""
        folder = await asyncio.to_thread(self.scratch.make, claim)
        try:
            return await self._run_in(folder, claim)
        except RetriableError as error:
            return Postponed(str(error))
        except WorkerLost as error:
            return Lost(str(error))
        finally:
            await asyncio.shield(asyncio.to_thread(self.scratch.remove, folder))

    async def _run_in(self, folder: Path, claim: Claim) -> Outcome:
        recipe = await self.recipes.recipe(claim.spec.recipe_digest)
        bundle = await self.recipes.bundle(claim.spec.recipe_digest)
        step = recipe.step(claim.spec.step)
        inputs = await self.inputs.of_job(claim, step)
        stage_out = StageOut(
            *await self.storage.get(), claim, folder, (folder.resolve(), bundle.resolve())
        )
        try:
            request = await asyncio.to_thread(_prepare, recipe, claim, inputs, folder, bundle)
            await asyncio.to_thread((folder / REQUEST_NAME).write_text, json.dumps(request))
            ending = await self.worker.run(self._order(claim, step, folder))
            return await self._conclude(ending, step, stage_out, _names(inputs))
        except (JobError, OSError) as error:
            final = isinstance(error, JobError) and error.final
            return await _fail(stage_out, str(error), final, None, _names(inputs))
        except PenstockError as error:
            if isinstance(error, RetriableError):
                raise
            return await _fail(stage_out, str(error), True, None, _names(inputs))

    def _order(self, claim: Claim, step: Step, folder: Path) -> Order:
        wall_s = float(step.resources.time_limit_s or self.settings.default_time_limit_s)
        limits = Limits(
            cpu_s=int(wall_s * max(1.0, step.resources.cores)) + 1,
            file_bytes=self.settings.max_file_bytes,
            open_files=self.settings.max_open_files,
        )
        return Order(str(claim.id), folder, wall_s, limits)

    async def _conclude(
        self, ending: Ending, step: Step, stage_out: StageOut, names: tuple[str, ...]
    ) -> Outcome:
        if ending is Ending.CANCELLED:
            return Cancelled()
        if ending is Ending.KILLED:
            return Lost("Its process was killed from outside.")
        if ending is Ending.OVERTIME:
            limit_s = step.resources.time_limit_s or self.settings.default_time_limit_s
            reason = (
                f"It ran longer than its limit of {limit_s:g} s: killed with all its processes."
            )
            return await _fail(stage_out, reason, False, None, names)
        result = await asyncio.to_thread(read_result, stage_out.folder)
        if result.get("status") != "success":
            reason, final = _why(result), result.get("status") == "refused"
            return await _fail(stage_out, reason, final, result.get("exit_code"), names)
        manifest = await asyncio.to_thread(stage_out.succeeded, step, result["outputs"])
        made = [f.name for p in manifest.parts for f in p.files]
        traces = await _traces(stage_out.folder, result["exit_code"], names)
        return Staged(manifest, Traces(traces.exit_code, traces.log_tail, names, tuple(made)))


def _prepare(
    recipe: Recipe, claim: Claim, inputs: Inputs, folder: Path, bundle: Path
) -> dict[str, Any]:
    """Stage in, and return what the job's process is asked. Blocking."""
    step = recipe.step(claim.spec.step)
    defaults = {spec.name: spec.default for spec in recipe.inputs}
    values = {v.key: (defaults | claim.spec.values).get(v.input) for v in step.values}
    return {
        "document": with_paths(step.job_document, bundle),
        "order": with_paths(values, bundle) | stage_in(inputs, folder),
    }


async def _fail(
    stage_out: StageOut, reason: str, final: bool, exit_code: int | None, names: tuple[str, ...]
) -> Failed:
    """Return a failure with its log safe in the storage."""
    manifest = await asyncio.to_thread(stage_out.failed, reason)
    traces = await _traces(stage_out.folder, exit_code, names)
    return Failed(reason, final, manifest, traces)


async def _traces(folder: Path, exit_code: int | None, names: tuple[str, ...]) -> Traces:
    text = await asyncio.to_thread(payload_log.tail, folder / LOG_NAME)
    return Traces(exit_code, text, names)


def _why(result: dict[str, Any]) -> str:
    if not result:
        return "Its process ended without a result: see its log."
    code = result["exit_code"]
    if code is None:
        return result["error"] or f"cwltool says {result['status']} and nothing more."
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"The tool {ended}. {result['error']}".strip()


def _names(inputs: Inputs) -> tuple[str, ...]:
    """Return the names of all input files, in the order of the document's inputs."""
    taken = (one if isinstance(one, tuple) else (one,) for one in inputs.values())
    return tuple(file.name for files in taken for file in files if isinstance(file, ContentFile))
