"""What the DAQ's messages about STFs do: announce them, and register them once they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dsm.manager.files.registration import register
from dsm.manager.files.storages import all_storages, locate
from dsm.manager.files.units import NewFile, Part, Registered, Unit
from dsm.manager.messages.daq_messages import StfGen, StfReady, utc_text
from dsm.manager.messages.telling import Answer, Done, Letter
from dsm.manager.runs.run_handlers import Runs, key_of, make_runs, settle_runs, stream_of
from dsm.manager.runs.run_rows import note_elsewhere, run_datasets
from dsm.manager.runs.stfs import ToldStf, announce, known_stfs, mark_registered, sequence_in
from dsm.manager.work import Work
from penstock_core.errors import PenstockError

TAKES_DATA = "run/physics"
"""The only state of the detector in which STFs are made."""


async def announce_stfs(work: Work, letters: Sequence[Letter[StfGen]]) -> list[Answer]:
    """Store which STFs there will be."""
    runs = await make_runs(work, letters)
    new = await announce(work, [_announced(letter, runs) for letter in letters], runs.values())
    await _note_elsewhere(work, new, runs)
    if new:
        await settle_runs(work, runs.values())
    return [Done(f"STF {letter.body.filename} announced") for letter in letters]


async def _note_elsewhere(work: Work, new: Sequence[ToldStf], runs: Runs) -> None:
    """Flag the runs of STFs that were made while the detector took no data."""
    for run in runs.values():
        told = [(s.detector, s.at) for s in new if s.run_id == run.id and s.detector]
        if odd := [(place, at) for place, at in told if place != TAKES_DATA]:
            await note_elsewhere(work, run, odd)


def _announced(letter: Letter[StfGen], runs: Runs) -> ToldStf:
    body = letter.body
    return ToldStf(
        run_id=runs[key_of(letter)].id,
        filename=body.filename,
        stream=stream_of(letter),
        named=bool(body.stream),
        sequence=_sequence(body),
        size_bytes=body.size,
        checksum=body.checksum or "",
        detector=body.place,
        at=utc_text(body.timestamp or letter.message.timestamp),
    )


def _ready(letter: Letter[StfReady], runs: Runs) -> ToldStf:
    body = letter.body
    return ToldStf(
        run_id=runs[key_of(letter)].id,
        filename=body.filename,
        stream=stream_of(letter),
        named=bool(body.stream),
        sequence=_sequence(body),
    )


def _sequence(body: StfGen | StfReady) -> int | None:
    return sequence_in(body.filename) if body.sequence is None else body.sequence


@dataclass(frozen=True, slots=True)
class _Place:
    storage_id: int
    path: str


async def register_stfs(work: Work, letters: Sequence[Letter[StfReady]]) -> list[Answer]:
    """Register STFs that are there, each at its sequence number in the dataset of its run."""
    places = await _places(work, letters)
    good = [letter for letter in letters if isinstance(places[letter.body.file_url], _Place)]
    runs = await make_runs(work, good)
    told = [_ready(letter, runs) for letter in good]
    results = await register(work, await _units(work, good, told, runs, places))
    here = [s for s, result in zip(told, results, strict=True) if isinstance(result, Registered)]
    if await mark_registered(work, here):
        await settle_runs(work, runs.values())
    answers = iter(results)
    return [
        _answer(letter, next(answers)) if isinstance(place, _Place) else place
        for letter in letters
        for place in [places[letter.body.file_url]]
    ]


async def _places(work: Work, letters: Sequence[Letter[StfReady]]) -> dict[str, Any]:
    """Return by URL where each file is, or the error that says why nothing can be there."""
    storages = await all_storages(work.connection)
    places: dict[str, _Place | PenstockError] = {}
    for letter in letters:
        try:
            storage, path = locate(storages, letter.body.file_url)
            places[letter.body.file_url] = _Place(storage.id, path)
        except PenstockError as error:
            error.field = "file_url"
            places[letter.body.file_url] = error
    return places


async def _units(
    work: Work,
    letters: Sequence[Letter[StfReady]],
    told: Sequence[ToldStf],
    runs: Runs,
    places: dict[str, Any],
) -> list[Unit]:
    """Return the file of each STF that is there, for the dataset of its run."""
    datasets = await run_datasets(work, runs.values())
    known = await known_stfs(work, told)
    units = []
    for letter, stf in zip(letters, told, strict=True):
        row = known.get(stf.place)
        index = stf.sequence if row is None or row.sequence is None else row.sequence
        file = _new_file(letter.body, places[letter.body.file_url], index)
        part = Part(datasets[runs[key_of(letter)].dataset_id], (file,))
        units.append(Unit((part,), producer=stf.stream, always=True))
    return units


def _new_file(body: StfReady, place: _Place, index: int | None) -> NewFile:
    return NewFile(
        name=body.filename,
        storage_id=place.storage_id,
        path=place.path,
        size_bytes=body.size_bytes,
        checksum=body.checksum,
        basename=body.filename,
        index=index,
    )


def _answer(letter: Letter[StfReady], result: Registered | PenstockError) -> Answer:
    if isinstance(result, PenstockError):
        return result
    name, run = letter.body.filename, letter.body.run_id
    if result.late:
        where = ", ".join(dataset.name for dataset in result.into)
        text = f"{name} is registered in {where}: it came after the dataset of run {run} had closed"
        return Done(text, late=True)
    return Done(f"{name} is registered in the dataset of run {run}")
