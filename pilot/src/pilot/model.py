"""The pilot's own values: a job as it is claimed, and what became of it."""

from dataclasses import dataclass, field
from typing import Any

from penstock_core.contracts.dsm import ContentFile, Manifest
from penstock_core.contracts.inspection import FileVerdict
from penstock_core.contracts.workload import WorkloadTask
from penstock_core.errors import PenstockError
from pilot.grouping import Stretch


def job_key(task: str, index: int) -> str:
    """Return a job's natural key."""
    return f"{task}/{index}"


def failed_key(job_key: str, round: int) -> str:
    """Return the key of the manifest that holds the log of a job that failed in ``round``."""
    return f"{job_key}/failed.{round}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is to run now; ``stretch`` is its group, if its merge is divided into such."""

    id: int
    task_id: int
    index: int
    attempt: int
    round: int
    spec: WorkloadTask
    stretch: Stretch | None = None

    @property
    def key(self) -> str:
        """Return the job's natural key."""
        return job_key(self.spec.name, self.index)


class InputFile(ContentFile):
    """A file that a job takes, with those of its dataset that go with it (secondaryFiles)."""

    beside: tuple[ContentFile, ...] = ()


Inputs = dict[str, InputFile | tuple[InputFile, ...]]
"""What a job takes: for a key of its document the file, or the list of files."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a run of a job left behind, however it went; ``outputs`` has the ``log`` too."""

    exit_code: int | None = None
    log_tail: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    log: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Staged:
    """The outputs are safe in the storage; ``manifest`` says what is to be registered.

    ``skipped`` says that the job did nothing, for the condition of its step (``when``) was false.
    """

    manifest: Manifest
    traces: Traces
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The job failed; ``final`` when trying again cannot help. ``manifest`` holds its log."""

    reason: str
    final: bool = False
    manifest: Manifest | None = None
    traces: Traces = field(default_factory=Traces)


@dataclass(frozen=True, slots=True)
class Lost:
    """The job's worker died: nobody's fault, no retry is used up."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Another service did not answer: the job is tried again soon."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job will not be run: its task was cancelled, or its input must not be used."""

    reason: str = "Its task was cancelled."


Outcome = Staged | Failed | Lost | Postponed | Cancelled


class JobError(PenstockError):
    """Why a job fails, told to its owner; ``final`` when trying again cannot help."""

    def __init__(self, message: str, *, final: bool = False, **facts: Any) -> None:
        super().__init__(message, facts=facts)
        self.final = final


class BadInput(JobError):
    """An input file is not what was registered; ``verdict`` is what the storage manager is told.

    ``is_one_of_many`` says that the job can do without it.
    """

    def __init__(self, message: str, verdict: FileVerdict, *, is_one_of_many: bool) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.is_one_of_many = is_one_of_many


class UnusableInput(JobError):
    """What a job was to read is in quarantine or lost."""
