"""What a house made of the runs, read from its services once all is quiet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from penstock.client import Penstock
from penstock_core.contracts.dsm import ContentFile, Dataset, LedgerRow
from penstock_core.contracts.runs import JournalEntry
from penstock_core.contracts.workflow import Task
from penstock_core.states import DatasetKind, DatasetState

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Chain:
    """What was made of one input dataset: the indexes decoded, and the number counted at last."""

    tasks: tuple[Task, ...] = ()
    decoded: tuple[int, ...] = ()
    counted: int | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """An input dataset with its files, why it closed, and what was made of it.

    ``ends_heard`` are the moments at which each sender's end_run of its run came in first,
    ``data_ready`` counts the messages that told of its data, ``alarms`` names those that are raised
    about it.
    """

    dataset: Dataset
    files: tuple[ContentFile, ...]
    ledger: tuple[LedgerRow, ...]
    chain: Chain
    ends_heard: tuple[datetime, ...] = ()
    data_ready: int = 0
    alarms: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the names of its files."""
        return frozenset(file.name for file in self.files)

    @property
    def unusable(self) -> frozenset[str]:
        """Return the names of those that are quarantined or lost."""
        return frozenset(file.name for file in self.files if not file.usable)


@dataclass(frozen=True, slots=True)
class Seen:
    """All datasets, tasks and alarms of a house."""

    datasets: dict[Key, Dataset]
    tasks: dict[Key, list[Task]]
    alarms: dict[Key, list[str]]
    open: tuple[Dataset, ...] = field(default=())


def look(penstock: Penstock) -> Seen:
    """Return what there is, without contents."""
    datasets = {(d.namespace, d.name): d for d in penstock.datasets()}
    tasks: dict[Key, list[Task]] = defaultdict(list)
    for task in penstock.tasks():
        tasks[task.namespace, task.input_name].append(task)
    alarms: dict[Key, list[str]] = defaultdict(list)
    for alarm in penstock.alarms():
        alarms[alarm.namespace, alarm.subject].append(alarm.kind)
    still = tuple(d for d in datasets.values() if d.state is DatasetState.OPEN)
    return Seen(datasets, tasks, alarms, still)


def read_inputs(penstock: Penstock, seen: Seen, namespace: str, run: int) -> list[Input]:
    """Return the dataset of a run, if there is one, and its deltas after it."""
    name = f"swf.{run}.run"
    of_run = [
        dataset
        for (where, called), dataset in seen.datasets.items()
        if where == namespace
        and dataset.kind is DatasetKind.INPUT
        and (called == name or dataset.logical == name)
    ]
    ends = penstock.journal(namespace=namespace, run=str(run), message_type="end_run")
    ready = penstock.journal(namespace=namespace, run=str(run), message_type="data_ready")
    found = []
    for dataset in sorted(of_run, key=lambda dataset: dataset.name):
        one = Input(
            dataset,
            tuple(penstock.files(dataset)),
            tuple(penstock.ledger(dataset)),
            _chain(penstock, seen, dataset),
            first_heard(ends),
            len(ready),
            tuple(seen.alarms.get((namespace, dataset.name), ())),
        )
        found.append(one)
    return found


def first_heard(entries: Iterable[JournalEntry]) -> tuple[datetime, ...]:
    """Return when each sender was first heard, in order: one may tell the same again."""
    found: dict[str, datetime] = {}
    for entry in sorted(entries, key=lambda entry: entry.received_at):
        found.setdefault(entry.sender_agent, entry.received_at)
    return tuple(found.values())


def _chain(penstock: Penstock, seen: Seen, dataset: Dataset) -> Chain:
    """Follow the three steps over ``dataset``, each from the output of the one before."""
    tasks: list[Task] = []
    name = dataset.name
    while found := seen.tasks.get((dataset.namespace, name)):
        tasks += found
        name = found[0].output_name
    if not tasks:
        return Chain()
    decoded = _files(penstock, seen, dataset.namespace, tasks[0].output_name)
    last = _files(penstock, seen, dataset.namespace, tasks[-1].output_name)
    numbers = [int(_path(file).read_text()) for file in last] if len(tasks) == 3 else []
    indexes = tuple(sorted(file.index for file in decoded))
    return Chain(tuple(tasks), indexes, numbers[0] if len(numbers) == 1 else None)


def _files(penstock: Penstock, seen: Seen, namespace: str, name: str) -> Sequence[ContentFile]:
    dataset = seen.datasets.get((namespace, name))
    return penstock.files(dataset) if dataset is not None else ()


def _path(file: ContentFile) -> Path:
    return Path(unquote(urlsplit(file.url).path))


def unfinished(tasks: Iterable[list[Task]]) -> list[Task]:
    """Return the tasks that are not final."""
    final = {"FINISHED", "PARTIAL", "FAILED", "CANCELLED", "SKIPPED"}
    return [task for some in tasks for task in some if task.status not in final]
