"""STFs of runs: announced by one message, here by another, in any order.

Either message makes the row, so that gaps in a sequence are seen whichever was lost. Who announces
an STF says whose it is; before that it is of whoever told that it is there.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from dsm.manager import tables
from dsm.manager.files.units import file_uid
from dsm.manager.reading import rows_where
from dsm.manager.runs.run_rows import run_datasets
from dsm.manager.runs.stream_rows import News, StreamKey, add_to_streams
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json

Place = tuple[int, str]
Known = Mapping[Place, Row[Any]]
_SEQUENCE = re.compile(r"swf\.[^.]+\.(?:.+\.)?([0-9]{1,12})\.stf")
_C = tables.stf.c


@dataclass(frozen=True, slots=True)
class ToldStf:
    """What one message says of an STF.

    ``named``: it names the stream, and not only its sender. ``detector`` is the state, as
    ``state/substate``, in which the STF was made at the time ``at``; "" if that is not told.
    """

    run_id: int
    filename: str
    stream: str
    named: bool
    sequence: int | None
    size_bytes: int | None = None
    checksum: str = ""
    detector: str = ""
    at: str = ""

    @property
    def place(self) -> Place:
        return self.run_id, self.filename

    @property
    def stream_key(self) -> StreamKey:
        return self.run_id, self.stream


def sequence_in(filename: str) -> int | None:
    """Return the number that ePIC's name of an STF holds, perhaps behind its stream's name.

    >>> sequence_in("swf.102363.000007.stf"), sequence_in("swf.102363.daq2.000007.stf")
    (7, 7)
    """
    match = _SEQUENCE.fullmatch(filename)
    return int(match[1]) if match else None


async def known_stfs(work: Work, told: Sequence[ToldStf]) -> dict[Place, Row[Any]]:
    """Return the rows of those of these STFs that have one."""
    wanted = {stf.place for stf in told}
    query = select(tables.stf).where(_C.run_id.in_({run_id for run_id, _ in wanted}))
    rows = rows_where(work.connection, query, _C.filename, [name for _, name in wanted])
    found = {(row.run_id, row.filename): row async for row in rows}
    return {place: row for place, row in found.items() if place in wanted}


async def announce(work: Work, told: Sequence[ToldStf], runs: Iterable[Row[Any]]) -> list[ToldStf]:
    """Store that there will be these STFs; return those of which that was new."""
    known = await known_stfs(work, told)
    fresh = {stf.place: stf for stf in reversed(told)}
    fresh = {p: stf for p, stf in fresh.items() if p not in known or not known[p].announced}
    here = await _places_of_files(work, list(fresh), runs)
    await _insert(
        work,
        [
            _row(stf, announced=True, registered=place in here)
            for place, stf in fresh.items()
            if place not in known
        ],
    )
    await _adopt(work, [(stf, known[place]) for place, stf in fresh.items() if place in known])
    await add_to_streams(work, _news_of_announced(told, fresh, known))
    return list(fresh.values())


def _news_of_announced(
    told: Iterable[ToldStf], fresh: Mapping[Place, ToldStf], known: Known
) -> dict[StreamKey, News]:
    news: dict[StreamKey, News] = defaultdict(News)
    for place, stf in fresh.items():
        news[stf.stream_key].stfs += 1
        if place in known:
            news[stf.run_id, known[place].stream].unannounced -= 1
    for stf in told:
        if stf.named:
            news[stf.stream_key].named = True
    return news


async def _places_of_files(
    work: Work, places: Sequence[Place], runs: Iterable[Row[Any]]
) -> set[Place]:
    """Return those of these STFs whose files are registered, by whatever message."""
    rows = list(runs)
    datasets = await run_datasets(work, rows)
    of_run = {row.id: datasets[row.dataset_id] for row in rows}
    uids = {file_uid(of_run[run_id], name): (run_id, name) for run_id, name in places}
    query = select(tables.file.c.uid)
    found = rows_where(work.connection, query, tables.file.c.uid, uids)
    return {uids[row.uid] async for row in found}


async def _adopt(work: Work, known: Sequence[tuple[ToldStf, Row[Any]]]) -> None:
    """Store the announcements of STFs that were here before them."""
    if not known:
        return
    rows = [
        {
            "the_run": stf.run_id,
            "the_name": stf.filename,
            "of_stream": stf.stream,
            "numbered": row.sequence if stf.sequence is None else stf.sequence,
            "told_size": stf.size_bytes,
            "told_checksum": stf.checksum,
        }
        for stf, row in known
    ]
    values = {
        "announced": True,
        "stream": bindparam("of_stream"),
        "sequence": bindparam("numbered"),
        "size_bytes": bindparam("told_size"),
        "checksum": bindparam("told_checksum"),
    }
    await work.connection.execute(_update().values(**values), rows)


async def mark_registered(work: Work, told: Sequence[ToldStf]) -> bool:
    """Store that these STFs are here; return whether that was new of any."""
    known = await known_stfs(work, told)
    fresh = {stf.place: stf for stf in reversed(told)}
    fresh = {p: stf for p, stf in fresh.items() if p not in known or not known[p].registered}
    rows = [
        {
            "the_run": stf.run_id,
            "the_name": stf.filename,
            "numbered": stf.sequence if known[p].sequence is None else known[p].sequence,
        }
        for p, stf in fresh.items()
        if p in known
    ]
    if rows:
        marked = _update().values(registered=True, sequence=bindparam("numbered"))
        await work.connection.execute(marked, rows)
    new = [stf for place, stf in fresh.items() if place not in known]
    await _insert(work, [_row(stf, announced=False, registered=True) for stf in new])
    await add_to_streams(work, _news_of_new(told, new))
    return bool(fresh)


def _news_of_new(told: Iterable[ToldStf], new: Iterable[ToldStf]) -> dict[StreamKey, News]:
    news: dict[StreamKey, News] = defaultdict(News)
    for stf in new:
        news[stf.stream_key].unannounced += 1
    for stf in told:
        if stf.named:
            news[stf.stream_key].named = True
    return news


async def _insert(work: Work, rows: Sequence[Json]) -> None:
    if rows:
        await insert_rows(work.connection, tables.stf, rows)


def _row(stf: ToldStf, *, announced: bool, registered: bool) -> Json:
    return {
        "run_id": stf.run_id,
        "filename": stf.filename,
        "stream": stf.stream,
        "sequence": stf.sequence,
        "size_bytes": stf.size_bytes,
        "checksum": stf.checksum,
        "announced": announced,
        "registered": registered,
    }


def _update() -> Any:
    return update(tables.stf).where(
        _C.run_id == bindparam("the_run"), _C.filename == bindparam("the_name")
    )
