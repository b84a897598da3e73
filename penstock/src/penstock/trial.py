"""Trying a template on files at hand: a whole house that lives for as long as it takes.

It is the house that ``penstock up`` opens, in a folder of its own: the same compiler, planning and
jobs, so what runs here runs there.
"""

import asyncio
import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from penstock.house import open_house
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.intake import PostedMessage
from penstock_core.contracts.workflow import JobReport, NewTemplate, Task
from penstock_core.errors import InvalidInput
from penstock_core.masks import Selector, overlap, parse_mask
from penstock_core.settings import HouseSettings
from penstock_core.states import FINAL_TASKS, JobState, TaskStatus

_LOOK_EVERY_S = 0.2
_LOOKS = 8
_BAD = (TaskStatus.FAILED, TaskStatus.PARTIAL)
_ROOT = "posix-root"
Tell = Callable[[Sequence[Task]], None]


class Tried(Frozen):
    """One step: how its task ended, which jobs failed, and what it made."""

    task: Task
    failed: tuple[JobReport, ...]
    made: tuple[Path, ...]

    @property
    def good(self) -> bool:
        """Return whether all of its jobs did what they should."""
        return self.task.status in (TaskStatus.FINISHED, TaskStatus.SKIPPED)


def dataset_name(template: NewTemplate) -> str:
    """Return the name of a dataset that the template takes, made up from its first mask."""
    first = parse_mask(template.masks[0])
    return overlap(first, first) or str(first)


async def try_template(
    template: NewTemplate,
    files: Sequence[Path],
    dataset: str,
    meta: dict[str, str],
    folder: Path,
    tell: Tell,
) -> tuple[Tried, ...]:
    """Run a template's chain over ``files`` as dataset ``dataset``; return each step.

    ``folder`` gets what was made, a folder a step; ``tell`` is called with the tasks as they go on.
    Raises ``InvalidTemplate``, or ``InvalidInput`` for files and names that do not fit.
    """
    described = _described(files)
    _check_taken(template, dataset, meta)
    with TemporaryDirectory(prefix="penstock-test-") as data_dir:
        settings = HouseSettings(data_dir=Path(data_dir), reconcile_every_s=1)
        async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
            await clients.data_access.create_template(template)
            await _register(clients, dataset, described, meta)
            tasks = await _followed(clients, dataset, tell)
            return tuple([await _tried(clients, task, folder) for task in tasks])


def _described(files: Sequence[Path]) -> list[dict[str, Any]]:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise InvalidInput(f"There is no file {missing[0]}.", hint="Name files that are there.")
    twice = [name for name, n in Counter(path.name for path in files).items() if n > 1]
    if twice:
        raise InvalidInput(
            f"Two files are called {twice[0]}.", hint="In a dataset names are unique: rename one."
        )
    return [_one(path.resolve(), number) for number, path in enumerate(files, 1)]


def _one(path: Path, number: int) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "md5").hexdigest()
    size = path.stat().st_size
    where = {"path": str(path), "sequence": number}
    return {**where, "name": path.name, "size": size, "checksum": digest}


def _check_taken(template: NewTemplate, dataset: str, meta: dict[str, str]) -> None:
    selector = Selector.parse(template.masks, template.exclude, template.where, template.namespace)
    decision = selector.decide(dataset, metadata=meta)
    if not decision.matched:
        raise InvalidInput(
            f"The template does not take the dataset {dataset!r}: {decision.reason}",
            hint="Give a name with --dataset, and metadata with --meta, that its mask takes.",
        )


async def _register(
    clients: HouseClients, dataset: str, files: Sequence[dict[str, Any]], meta: dict[str, str]
) -> None:
    kind = list[dict[str, str]]
    storages: list[dict[str, str]] = await clients.dsm.call("GET", "/api/v1/storage", kind)
    root = next(one["uid"] for one in storages if one["name"] == _ROOT)
    body = {
        "datasetName": dataset,
        "files": [{"storageId": root, **file} for file in files],
        "closed": True,
        "metadata": meta,
    }
    await clients.dsm.post_messages("dsm.register", "dataset.input", [PostedMessage(body=body)])


async def _followed(clients: HouseClients, dataset: str, tell: Tell) -> Sequence[Task]:
    """Return the tasks of the chain, in its order, when nothing more happens to them.

    What reads from a task that failed waits for somebody to retry it: here nobody will.
    """
    still = 0
    while still < _LOOKS:
        page = await clients.data_access.tasks(dataset=dataset, limit=1000)
        tasks = sorted(page.items, key=lambda task: task.task_id)
        tell(tasks)
        if tasks and all(task.status in FINAL_TASKS for task in tasks):
            return tasks
        stuck = any(task.status in _BAD for task in tasks) and not any(t.running for t in tasks)
        still = still + 1 if stuck else 0
        await asyncio.sleep(_LOOK_EVERY_S)
    return tasks


async def _tried(clients: HouseClients, task: Task, folder: Path) -> Tried:
    jobs = await clients.data_access.jobs(task.task_id)
    failed = tuple(job for job in jobs.items if job.state == JobState.FAILED)
    made = []
    for name in (task.output_name, task.log_name):
        found = await clients.dsm.datasets(name=name)
        for uid in (one.uid for one in found.items):
            contents = await clients.dsm.contents(uid)
            for file in contents.files:
                source = Path(unquote(urlsplit(file.url).path))
                target = folder / task.step / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                await asyncio.to_thread(shutil.copyfile, source, target)
                made.append(target)
    return Tried(task=task, failed=failed, made=tuple(made))
