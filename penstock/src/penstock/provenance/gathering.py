"""Gathering a lineage: which jobs from data-access, sizes and checksums from the storage manager.

Everything is asked in bulk; the number of calls grows with the levels and the pages, not with the
files.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from penstock.provenance.lineage import Lineage, LineageFile, Tool
from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.contracts.inspection import FileQuery
from penstock_core.contracts.workflow import Chain, JobKey, Origins
from penstock_core.provenance import Walk, walk
from penstock_core.stretches import stretches
from recipe.model import Recipe, Step

_JOBS = 1000
_FILES = 5000


async def gather(workflows: DataAccessClient, storage: DsmClient, start: Walk) -> Lineage:
    """Return the lineage that a walk from a file finds."""
    trail = await walk(workflows, start)
    uses = tuple(trail.uses.values())
    origins = await _origins(workflows, trail.jobs)
    files = await _files(storage, start, {start.name: None} | {use.name: None for use in uses})
    recipes = await _recipes(workflows, origins.chains)
    return Lineage(
        namespace=start.namespace,
        scope=start.scope,
        name=start.name,
        way=start.way,
        uses=uses,
        cut=trail.cut,
        jobs=origins.jobs,
        tasks=origins.tasks,
        chains=origins.chains,
        files=files,
        tools=tuple(_tools(origins, recipes)),
        recipes=recipes,
    )


async def _origins(workflows: DataAccessClient, jobs: Sequence[JobKey]) -> Origins:
    parts = [await workflows.origins(some) for some in stretches(jobs, _JOBS)]
    tasks = {task.task_id: task for part in parts for task in part.tasks}
    chains = {chain.workflow_id: chain for part in parts for chain in part.chains}
    return Origins(
        jobs=tuple(job for part in parts for job in part.jobs),
        tasks=tuple(tasks.values()),
        chains=tuple(chains.values()),
    )


async def _files(storage: DsmClient, start: Walk, names: Iterable[str]) -> tuple[LineageFile, ...]:
    bases = {each.uid: each.base for each in await storage.storages()}
    found: list[LineageFile] = []
    for some in stretches(tuple(names), _FILES):
        query = FileQuery(namespace=start.namespace, scope=start.scope, names=some)
        for each in await storage.find_files(query):
            path = PurePosixPath(bases.get(each.file.storage_id, "/")) / each.file.path
            url = "file://" + quote(str(path))
            found.append(LineageFile(file=each.file, datasets=each.datasets, url=url))
    return tuple(found)


async def _recipes(workflows: DataAccessClient, chains: Iterable[Chain]) -> dict[str, Recipe]:
    digests = dict.fromkeys(chain.recipe_digest for chain in chains)
    return {each: Recipe.model_validate(await workflows.recipe(each)) for each in digests}


def _tools(origins: Origins, recipes: dict[str, Recipe]) -> Iterator[Tool]:
    chains = {chain.workflow_id: chain for chain in origins.chains}
    seen: set[tuple[str, str]] = set()
    for task in origins.tasks:
        digest = chains[task.wflow_id].recipe_digest
        if (digest, task.step) not in seen:
            seen.add((digest, task.step))
            yield tool_of(digest, recipes[digest].step(task.step))


def tool_of(digest: str, step: Step) -> Tool:
    """Return what a step of a recipe runs, as its document says."""
    return Tool(
        recipe_digest=digest,
        step=step.name,
        label=step.label,
        mode=step.mode,
        container=step.resources.container,
        packages=dict(_packages(step.job_document)),
    )


def _packages(node: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each package that a SoftwareRequirement anywhere in a document names, with versions."""
    if isinstance(node, list):
        for item in node:
            yield from _packages(item)
    elif isinstance(node, dict):
        if node.get("class") == "SoftwareRequirement":
            yield from (_package(each) for each in node.get("packages", ()))
        for value in node.values():
            yield from _packages(value)


def _package(said: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    return str(said["package"]), tuple(str(each) for each in said.get("version") or ())
