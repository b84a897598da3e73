"""What a demonstration gave: gathered from the services, and checked."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from penstock_core.clients import DataAccessClient, DsmClient
from penstock_core.clock import parse_time
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.dsm import ContentFile, Dataset
from penstock_core.contracts.workflow import SpdTask, Task
from penstock_core.states import DatasetKind, TaskStatus
from penstock_core.stf import read_stf

# What is true of uproot-HZZ.root, whoever computes it: 2421 events, 1364 with two muons of
# opposite charge and no third one.
EVENTS = 2421
CANDIDATES = 1364


class DatasetLine(Frozen):
    """One dataset in the result."""

    name: str
    state: str
    files: int
    bytes: int
    closed_because: str


class DemoTask(SpdTask):
    """SPD's row of a task, and the step that it is."""

    step: str


class DemoResult(Frozen):
    """The result, as ``penstock demo --json`` prints it.

    ``events_in`` are counted in the STF files, ``events_decoded`` by the chain. ``latency_s`` is
    the time from the last STF's registration to the end of the last task.
    """

    run: int
    ok: bool
    problems: tuple[str, ...]
    events_in: int
    events_decoded: int
    candidates: int
    z_peak_gev: float
    wall_s: float
    latency_s: float
    plot: str
    url: str
    datasets: tuple[DatasetLine, ...]
    tasks: tuple[DemoTask, ...]


class Gatherer:
    """Reads from the services what became of one run."""

    def __init__(self, dsm: DsmClient, data_access: DataAccessClient, dataset: str) -> None:
        self._dsm = dsm
        self._data_access = data_access
        self._name = dataset

    async def tasks(self) -> tuple[Task, ...]:
        """Return the tasks of all workflows over the run's dataset."""
        page = await self._data_access.tasks(dataset=self._name, limit=1000)
        return page.items

    async def datasets(self) -> tuple[Dataset, ...]:
        """Return the run's dataset and those made from it: inputs, outputs, logs, as they came."""
        page = await self._dsm.datasets(name=f"{self._name}*", limit=1000)
        order = list(DatasetKind)
        return tuple(sorted(page.items, key=lambda d: (order.index(d.kind), d.opened_at)))

    async def gather(self, run: int, wall_s: float, url: str, problem: str = "") -> DemoResult:
        """Return the result of ``run``, its ``problems`` named; ``problem`` is known already."""
        datasets, tasks = await self.datasets(), await self.tasks()
        spd = await self._spd_rows(tasks)
        events_in = sum(_events(f) for f in await self._files(datasets, self._name))
        last = await self._files(datasets, next((t.output_name for t in tasks[-1:]), ""))
        summary = _summary(last)
        plot = next((str(path_of(f)) for f in last if f.basename.endswith(".png")), "")
        found = _problems(tasks, datasets, events_in, summary) if tasks else []
        problems = (*([problem] if problem else []), *found)
        return DemoResult(
            run=run,
            ok=not problems,
            problems=problems,
            events_in=events_in,
            events_decoded=summary.get("events_decoded", 0),
            candidates=summary.get("candidates", 0),
            z_peak_gev=summary.get("z_peak_gev", 0.0),
            wall_s=round(wall_s, 2),
            latency_s=round(await self._latency_s(datasets, tasks), 3),
            plot=plot,
            url=url,
            datasets=tuple(_line(dataset) for dataset in datasets),
            tasks=spd,
        )

    async def _spd_rows(self, tasks: tuple[Task, ...]) -> tuple[DemoTask, ...]:
        if not tasks:
            return ()
        first = min(task.task_id for task in tasks)
        rows = await self._data_access.spd_tasks(after=first - 1, limit=1000)
        steps = {task.task_id: task.step for task in tasks}
        return tuple(
            DemoTask(**row.model_dump(), step=steps[row.task_id])
            for row in rows
            if row.task_id in steps
        )

    async def _files(self, datasets: tuple[Dataset, ...], name: str) -> tuple[ContentFile, ...]:
        for dataset in datasets:
            if dataset.name == name:
                return (await self._dsm.contents(dataset.uid)).files
        return ()

    async def _latency_s(self, datasets: tuple[Dataset, ...], tasks: tuple[Task, ...]) -> float:
        ends = [task.ended_at for task in tasks if task.ended_at is not None]
        for dataset in datasets:
            if dataset.name == self._name and ends:
                for row in await self._dsm.ledger(dataset.uid):
                    if last := row.evidence.get("last_file_at"):
                        return (max(ends) - parse_time(last)).total_seconds()
        return 0.0


def path_of(file: ContentFile) -> Path:
    """Return where a file of a posix storage lies."""
    return Path(unquote(urlsplit(file.url).path))


def _events(file: ContentFile) -> int:
    return sum(frame.events for frame in read_stf(path_of(file)).frames)


def _summary(files: tuple[ContentFile, ...]) -> dict[str, Any]:
    for file in files:
        if file.basename.endswith(".json"):
            found: dict[str, Any] = json.loads(path_of(file).read_text())
            return found
    return {}


def _line(dataset: Dataset) -> DatasetLine:
    return DatasetLine(
        name=dataset.name,
        state=dataset.state,
        files=dataset.files,
        bytes=dataset.size_bytes,
        closed_because=dataset.closed_because,
    )


def _problems(
    tasks: tuple[Task, ...], datasets: tuple[Dataset, ...], events_in: int, summary: dict[str, Any]
) -> list[str]:
    """Return all that is not as it must be, each in a sentence."""
    problems = [
        f"task {task.task_id} ({task.step}) is {task.status}: {task.reason}"
        for task in tasks
        if task.status != TaskStatus.FINISHED
    ]
    problems += [f"dataset {d.name} is {d.state}" for d in datasets if d.state != "CLOSED"]
    counts = {
        "events in the STF files": (events_in, EVENTS),
        "events read by the chain": (summary.get("events_in"), events_in),
        "events decoded": (summary.get("events_decoded"), events_in),
        "candidates": (summary.get("candidates"), CANDIDATES),
    }
    problems += [
        f"{what}: {seen}, not {expected}"
        for what, (seen, expected) in counts.items()
        if seen != expected
    ]
    return problems
