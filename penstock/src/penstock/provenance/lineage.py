"""A file's lineage as one value, and what is looked up in it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pydantic import Field

from penstock_core.contracts.base import Frozen
from penstock_core.contracts.inspection import FoundFile
from penstock_core.contracts.workflow import (
    Chain,
    FileRole,
    FileUse,
    JobKey,
    JobReport,
    Provenance,
    Task,
    Way,
)
from recipe.model import Link, Recipe, Step

Key = TypeVar("Key")
Value = TypeVar("Value")


class LineageFile(FoundFile):
    """A file with its datasets and where its bytes are."""

    url: str


class Tool(Frozen):
    """What a step runs: ``packages`` are the versions that its document names of software.

    ``container`` is the image that the document asks for; what a job ran in is in its environment.
    """

    recipe_digest: str
    step: str
    label: str
    mode: str
    container: str
    packages: dict[str, tuple[str, ...]]


class Lineage(Provenance):
    """A file's provenance one way, with sizes and checksums, tools and recipes."""

    way: Way
    files: tuple[LineageFile, ...]
    tools: tuple[Tool, ...]
    recipes: dict[str, Recipe] = Field(exclude=True)


@dataclass(frozen=True)
class Index:
    """What exporters look up in a lineage."""

    lineage: Lineage

    @cached_property
    def files(self) -> dict[str, LineageFile]:
        """Return the files by their name."""
        return {found.file.name: found for found in self.lineage.files}

    @cached_property
    def jobs(self) -> dict[JobKey, JobReport]:
        """Return the jobs by their key."""
        return {key_of(job): job for job in self.lineage.jobs}

    @cached_property
    def tasks(self) -> dict[int, Task]:
        """Return the tasks by their id."""
        return {task.task_id: task for task in self.lineage.tasks}

    @cached_property
    def chains(self) -> dict[int, Chain]:
        """Return the chains by the id of their workflow."""
        return {chain.workflow_id: chain for chain in self.lineage.chains}

    @cached_property
    def uses(self) -> dict[JobKey, list[FileUse]]:
        """Return by job the files that it read and made."""
        return _grouped((use.job, use) for use in self.lineage.uses)

    @cached_property
    def names(self) -> set[str]:
        """Return the names of all files, also of those that the storage manager does not know."""
        return {self.lineage.name, *(use.name for use in self.lineage.uses)}

    @cached_property
    def makers(self) -> dict[str, list[JobKey]]:
        """Return by file the jobs that made it: one, but for a log."""
        made = (use for use in self.lineage.uses if use.role is not FileRole.IN)
        return _grouped((use.name, use.job) for use in made)

    @cached_property
    def readers(self) -> dict[str, list[JobKey]]:
        """Return by file the jobs that read it."""
        read = (use for use in self.lineage.uses if use.role is FileRole.IN)
        return _grouped((use.name, use.job) for use in read)

    @cached_property
    def _tools(self) -> dict[tuple[str, str], Tool]:
        return {(tool.recipe_digest, tool.step): tool for tool in self.lineage.tools}

    @cached_property
    def _outputs(self) -> dict[tuple[int, str], str]:
        return {(task.wflow_id, task.step): task.output_name for task in self.lineage.tasks}

    def chain_of(self, task_id: int) -> Chain:
        """Return the chain that a task belongs to."""
        return self.chains[self.tasks[task_id].wflow_id]

    def step_of(self, task_id: int) -> Step:
        """Return the step of its recipe that a task is."""
        recipe = self.lineage.recipes[self.chain_of(task_id).recipe_digest]
        return recipe.step(self.tasks[task_id].step)

    def tool_of(self, task_id: int) -> Tool:
        """Return what a task's jobs run."""
        return self._tools[self.chain_of(task_id).recipe_digest, self.tasks[task_id].step]

    def named(self, job: JobKey, *roles: FileRole) -> list[str]:
        """Return the names of a job's files in these roles."""
        return [use.name for use in self.uses.get(job, ()) if use.role in roles]

    def ports(self, use: FileUse) -> tuple[str, ...]:
        """Return under which names the step's document knows a file: inputs, or an output.

        A file may be taken by two inputs; () where that cannot be told any more.
        """
        if use.role is FileRole.OUT:
            return tuple(self._ports_in(use.name, self.tasks[use.task_id].output_name))
        if use.role is FileRole.LOG:
            return ()
        links = self.step_of(use.task_id).links
        return tuple(link.key for link in links if self.takes(link, use))

    def takes(self, link: Link, use: FileUse) -> bool:
        """Return whether a file that a job read came through this link of its step."""
        chain = self.chain_of(use.task_id)
        dataset = self._outputs.get((chain.workflow_id, link.step)) if link.step else chain.dataset
        ports = self._ports_in(use.name, dataset or "")
        return link.port in ports if link.port else any(True for _ in ports)

    def _ports_in(self, name: str, dataset: str) -> Iterator[str]:
        found = self.files.get(name)
        held = found.datasets if found else ()
        return (holder.port for holder in held if holder.name == dataset)


def key_of(job: JobReport) -> JobKey:
    """Return a job's natural key."""
    return JobKey(task_id=job.task_id, index=job.index)


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    grouped: dict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return dict(grouped)
