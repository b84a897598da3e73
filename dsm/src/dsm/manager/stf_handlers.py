"""What the DAQ's messages about STFs do: announce them, and register them once they are there."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from dsm.manager import tables
from dsm.manager.daq_messages import StfGen, StfReady
from dsm.manager.reading import rows_where
from dsm.manager.registration import register
from dsm.manager.run_handlers import Runs, key_of, make_runs, stream_of
from dsm.manager.runs import run_datasets
from dsm.manager.storages import all_storages, locate
from dsm.manager.streams import add_to_streams, announce_runs
from dsm.manager.telling import Answer, Done, Letter
from dsm.manager.units import NewFile, Part, Registered, Unit, file_uid
from dsm.manager.work import Work
from penstock_core.contracts.base import Json
from penstock_core.errors import PenstockError

_SEQUENCE = re.compile(r"swf\.[^.]+\.([0-9]{1,12})\.stf")


async def announce_stfs(work: Work, letters: Sequence[Letter[StfGen]]) -> list[Answer]:
    """Store which STFs there will be."""
    runs = await make_runs(work, letters)
    told = {(runs[key_of(letter)].id, letter.body.filename): letter for letter in reversed(letters)}
    for known in await _known_stfs(work, told):
        del told[known]
    if told:
        await _insert_stfs(work, runs, told)
        await announce_runs(work, runs.values())
    return [Done(f"STF {letter.body.filename} announced") for letter in letters]


async def _known_stfs(
    work: Work, wanted: dict[tuple[int, str], Any]
) -> dict[tuple[int, str], Row[Any]]:
    columns = tables.stf.c
    query = select(tables.stf).where(columns.run_id.in_({run_id for run_id, _ in wanted}))
    rows = rows_where(work.connection, query, columns.filename, [name for _, name in wanted])
    found = {(row.run_id, row.filename): row async for row in rows}
    return {place: row for place, row in found.items() if place in wanted}


async def _insert_stfs(work: Work, runs: Runs, told: dict[tuple[int, str], Letter[StfGen]]) -> None:
    datasets = await run_datasets(work, runs.values())
    of_run = {row.id: datasets[row.dataset_id] for row in runs.values()}
    uids = {place: file_uid(of_run[place[0]], place[1]) for place in told}
    query = rows_where(work.connection, select(tables.file.c.uid), tables.file.c.uid, uids.values())
    there = {row.uid async for row in query}
    rows = [_stf_row(place, letter, uids[place] in there) for place, letter in told.items()]
    await work.connection.execute(insert(tables.stf), rows)
    counts = Counter((row["run_id"], row["stream"]) for row in rows)
    await add_to_streams(work, dict(counts))


def _stf_row(place: tuple[int, str], letter: Letter[StfGen], registered: bool) -> Json:
    body = letter.body
    sequence = _sequence(body.filename) if body.sequence is None else body.sequence
    return {
        "run_id": place[0],
        "filename": place[1],
        "stream": stream_of(letter),
        "sequence": sequence or 0,
        "size_bytes": body.size,
        "checksum": body.checksum or "",
        "registered": registered,
    }


def _sequence(filename: str) -> int | None:
    """Return the number that ePIC's name of an STF holds."""
    match = _SEQUENCE.fullmatch(filename)
    return int(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class _Place:
    storage_id: int
    path: str


async def register_stfs(work: Work, letters: Sequence[Letter[StfReady]]) -> list[Answer]:
    """Register STFs that are there, each at its sequence number in the dataset of its run."""
    places = await _places(work, letters)
    good = [letter for letter in letters if isinstance(places[letter.body.file_url], _Place)]
    runs = await make_runs(work, good)
    datasets = await run_datasets(work, runs.values())
    wanted = {(runs[key_of(letter)].id, letter.body.filename): None for letter in good}
    stfs = await _known_stfs(work, wanted)
    units = []
    for letter in good:
        run = runs[key_of(letter)]
        stf = stfs.get((run.id, letter.body.filename))
        file = _new_file(letter.body, places[letter.body.file_url], stf)
        part = Part(datasets[run.dataset_id], (file,))
        units.append(Unit((part,), producer=stream_of(letter), always=True))
    results = iter(await register(work, units))
    if stfs:
        await _mark_registered(work, stfs)
    return [
        _answer(letter, next(results)) if isinstance(place, _Place) else place
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


def _new_file(body: StfReady, place: _Place, stf: Row[Any] | None) -> NewFile:
    told = _sequence(body.filename) if body.sequence is None else body.sequence
    return NewFile(
        name=body.filename,
        storage_id=place.storage_id,
        path=place.path,
        size_bytes=body.size_bytes,
        checksum=body.checksum,
        basename=body.filename,
        index=told if stf is None else stf.sequence,
    )


async def _mark_registered(work: Work, stfs: dict[tuple[int, str], Row[Any]]) -> None:
    columns = tables.stf.c
    await work.connection.execute(
        update(tables.stf)
        .where(columns.run_id == bindparam("the_run"), columns.filename == bindparam("the_name"))
        .values(registered=True),
        [{"the_run": run_id, "the_name": name} for run_id, name in stfs],
    )


def _answer(letter: Letter[StfReady], result: Registered | PenstockError) -> Answer:
    if isinstance(result, PenstockError):
        return result
    name, run = letter.body.filename, letter.body.run_id
    if result.late:
        text = f"{name} is registered, but came after the dataset of run {run} had closed"
        return Done(text, late=True)
    return Done(f"{name} is registered in the dataset of run {run}")
