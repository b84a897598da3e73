"""The place where one attempt at a job happens: its folder before, and its result after."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ValidationError

from penstock_core.contracts.dsm import Manifest
from penstock_core.errors import PenstockError
from pilot import payload_log, plain, scratch
from pilot.model import (
    Cancelled,
    Claim,
    Failed,
    Inputs,
    JobError,
    Lost,
    Outcome,
    Staged,
    Traces,
)
from pilot.recipes import with_paths
from pilot.result import Result, told
from pilot.stage_in import stage_in
from pilot.stage_out import StageOut
from pilot.worker.ending import Ending
from pilot.worker.files import LOG_NAME, REQUEST_NAME, RESULT_NAME
from pilot.worker_client import Order
from recipe.model import Recipe, Step


@dataclass(frozen=True, slots=True)
class Site:
    """One attempt's folder with what belongs to it, and whether its tools run in containers.

    All methods block.
    """

    recipe: Recipe
    step: Step
    folder: Path
    bundle: Path
    stage_out: StageOut
    contained: bool

    @property
    def claim(self) -> Claim:
        """Return the job that is run here."""
        return self.stage_out.claim

    def prepare(self, inputs: Inputs) -> None:
        """Make the folder, stage in, and write down what the job's process is asked.

        Raises ``JobError``.
        """
        scratch.make(self.folder)
        defaults = {spec.name: spec.default for spec in self.recipe.inputs}
        given = defaults | self.claim.spec.values
        values = {value.key: given.get(value.input) for value in self.step.values}
        request = {
            "document": with_paths(self.step.job_document, self.bundle),
            "order": with_paths(values, self.bundle) | stage_in(inputs, self.folder),
            "fast": asdict(self.step.fast) if self.step.fast else None,
            "contained": self.contained,
        }
        (self.folder / REQUEST_NAME).write_text(json.dumps(request))

    def conclude(self, ending: Ending, order: Order, inputs: Inputs) -> Outcome:
        """Return what the ending of the job's process means; raises ``JobError``."""
        match ending:
            case Ending.CANCELLED:
                return Cancelled()
            case Ending.KILLED:
                return Lost("Its process was killed from outside.")
            case Ending.EXITED:
                return self._judge(self._result(), inputs)
            case _:
                raise JobError(told(ending, order))

    def _result(self) -> Result:
        text = plain.text(self.folder / RESULT_NAME)
        if text is None:
            raise JobError("Its process ended without a result: see its log.")
        try:
            return Result.model_validate_json(text)
        except ValidationError as error:
            raise JobError("Its tool wrote over the result of its job.", final=True) from error

    def _judge(self, result: Result, inputs: Inputs) -> Outcome:
        if result.status != "success":
            final = result.status == "refused"
            return self._failed(_why(result), final, result.exit_code, inputs)
        manifest = self.stage_out.succeeded(self.step, result.outputs)
        traces = self._traces(manifest, result.exit_code, inputs)
        return Staged(manifest, traces, skipped=result.skipped)

    def fail(self, error: PenstockError | OSError, inputs: Inputs) -> Failed:
        """Return the failure that ``error`` means; only a :class:`JobError` may be tried again.

        So may what the machine refused: its disk may have space soon.
        """
        self.folder.mkdir(exist_ok=True)
        final = error.final if isinstance(error, JobError) else isinstance(error, PenstockError)
        return self._failed(str(error), final, None, inputs)

    def _failed(self, reason: str, final: bool, exit_code: int | None, inputs: Inputs) -> Failed:
        manifest = self.stage_out.failed(reason)
        return Failed(reason, final, manifest, self._traces(manifest, exit_code, inputs))

    def _traces(self, manifest: Manifest, exit_code: int | None, inputs: Inputs) -> Traces:
        log_uid = self.claim.spec.log_uid
        made = {file.name: part.dataset_uid for part in manifest.parts for file in part.files}
        return Traces(
            exit_code=exit_code,
            log_tail=payload_log.tail(self.folder / LOG_NAME),
            inputs=names_of(inputs),
            outputs=tuple(made),
            log=next((name for name, uid in made.items() if uid == log_uid), ""),
            command=payload_log.without_paths(self._command(), self.folder),
        )

    def _command(self) -> str:
        """Return the command line that was run; "" where it never came to that."""
        with suppress(JobError):
            return self._result().command
        return ""


def _why(result: Result) -> str:
    code, error = result.exit_code, result.error
    if code is None:
        return error or f"cwltool says {result.status} and nothing more."
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"The tool {ended}. {error}".strip()


def names_of(inputs: Inputs) -> tuple[str, ...]:
    """Return the names of all input files, in the order of the document's inputs."""
    taken = (one if isinstance(one, tuple) else (one,) for one in inputs.values())
    files = (file for files in taken for one in files for file in (one, *one.beside))
    return tuple(file.name for file in files)
