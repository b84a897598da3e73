"""Provenance: which jobs read and made each file, and what stands behind a job."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.contracts.workflow.execution import JobReport
from penstock_core.contracts.workflow.rows import Task


class FileRole(StrEnum):
    """What a file is to a job: read, made, or its log."""

    IN = "in"
    OUT = "out"
    LOG = "log"


class Way(StrEnum):
    """Up to what a file was made of, or down to what was made of it."""

    UP = "up"
    DOWN = "down"


class JobKey(Frozen):
    """A job's natural key."""

    task_id: int = Field(ge=0, lt=2**63)
    index: int = Field(ge=0, lt=2**63)


class FileUse(Frozen):
    """One file of one final job. ``use_id`` is the cursor of pages."""

    use_id: int
    task_id: int
    index: int
    role: FileRole
    name: str

    @property
    def job(self) -> JobKey:
        """Return the job that read or made the file."""
        return JobKey(task_id=self.task_id, index=self.index)


class UseQuery(Frozen):
    """Asks what jobs read and made: for these files, for these jobs, or for both.

    ``names`` are files of one namespace and scope; without any these two say nothing.
    """

    namespace: str = "default"
    scope: str = ""
    names: tuple[str, ...] = Field(default=(), max_length=1000)
    jobs: tuple[JobKey, ...] = Field(default=(), max_length=1000)
    roles: tuple[FileRole, ...]
    after: int = Field(default=0, ge=0, lt=2**63)
    limit: int = Field(default=1000, ge=1, le=5000)


class Chain(Frozen):
    """A workflow with the template version that it runs, and on what.

    ``main`` is the template's main document among those of the recipe. For a task that was
    submitted by hand ``template_id`` is null, and what tells of a template is empty.
    ``started_by`` is who asked for the workflow and ``because`` why; "" where the template's mask
    took the dataset.
    """

    workflow_id: int
    template_id: int | None
    template: str
    version: int | None
    created_by: str
    main: str
    recipe_digest: str
    values: Json
    namespace: str
    scope: str
    dataset: str
    rerun: int
    started_by: str = ""
    because: str = ""
    created_at: datetime


class Origins(Frozen):
    """What stands behind jobs: each job, its task and its chain, each once.

    The jobs come without their log tail and without the names of their files, which are asked
    for in pages.
    """

    jobs: tuple[JobReport, ...]
    tasks: tuple[Task, ...]
    chains: tuple[Chain, ...]


class Provenance(Origins):
    """A file's provenance one way; ``cut`` says that there is more than was asked for."""

    namespace: str
    scope: str
    name: str
    uses: tuple[FileUse, ...]
    cut: bool
