"""The end of a run's dataset: announced once it is known how many files there are in all."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from dsm.manager import tables
from dsm.manager.closing.ends import announce_end
from dsm.manager.datasets import change_dataset
from dsm.manager.runs.run_rows import run_datasets
from dsm.manager.runs.sequences import numberings
from dsm.manager.runs.stream_rows import RunStreams, runs_of_datasets
from dsm.manager.runs.streams import End, Stream, end_of_run, needs_numbers, sender_names
from dsm.manager.work import Work
from penstock_core.states import DatasetState

_MOST = 512


async def announce_runs(work: Work, runs: Iterable[Row[Any]]) -> None:
    """Announce the ends of the datasets of these runs where known, or take back what is not so.

    Runs may share a dataset: it ends when all of them have. What was announced is withdrawn when
    a stream is heard of that has not ended.
    """
    datasets = await run_datasets(work, runs)
    open_ones = [row.id for row in datasets.values() if row.state == DatasetState.OPEN]
    by_dataset = await runs_of_datasets(work.connection, open_ones)
    ended = {
        dataset_id: of_dataset
        for dataset_id, of_dataset in by_dataset.items()
        if any(s.ended for run in of_dataset for s in run.streams)
    }
    ends = await _ends(work, [run for of_dataset in ended.values() for run in of_dataset])
    for dataset_id, of_dataset in ended.items():
        known = [ends[run.id] for run in of_dataset]
        streams = [s for run in of_dataset for s in run.streams if s.ended]
        await _tell_end(work, datasets[dataset_id], known, streams)


async def _ends(work: Work, runs: Sequence[RunStreams]) -> dict[int, End | None]:
    asked = {run.id: run.streams for run in runs if needs_numbers(run.streams)}
    names = sender_names(asked)
    numbers = await numberings(work.connection, names) if names else {}
    return {run.id: end_of_run(run.streams, numbers.get(run.id, ())) for run in runs}


async def _tell_end(
    work: Work, dataset: Row[Any], ends: Sequence[End | None], ended: Sequence[Stream]
) -> None:
    """Announce the end of a dataset whose runs end so; ``ended`` are the streams that have."""
    enders = {s.name or "daq" for s in ended}
    known = [end for end in ends if end is not None]
    if len(known) == len(ends):
        # Where nobody gave a total, what is here without a message counts as well.
        least = 0 if any(s.total is not None for s in ended) else dataset.files
        count = max(sum(end.files for end in known), least)
        who = ", ".join(sorted(enders))[:_MOST]
        counted = any(end.counted for end in known)
        await announce_end(work, dataset, count, who, counted=counted)
    elif dataset.announced is not None and enders >= set(dataset.announced_by.split(", ")):
        await _withdraw_end(work, dataset)


async def _withdraw_end(work: Work, dataset: Row[Any]) -> None:
    await change_dataset(
        work,
        dataset,
        announced=None,
        announced_by="",
        announced_at=None,
        counted=False,
        revision=tables.dataset.c.revision + 1,
    )
