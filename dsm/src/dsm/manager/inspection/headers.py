"""What the headers of a run's STFs say, summed up as they are verified, and what does not fit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.inspection.tables import run_header, stf_header
from dsm.manager.reading import rows_where
from dsm.manager.work import Work
from penstock_core.contracts.base import Json
from penstock_core.contracts.runs import RunHeaders
from penstock_core.stf import Header

_R, _H = tables.run.c, stf_header.c


async def note_headers(work: Work, found: Sequence[tuple[Row[Any], Header | None]]) -> None:
    """Add the headers of verified STFs, given with their files' rows, to the sums of their runs.

    Each file of a run counts once, however often it is verified.
    """
    headers = {(row.namespace, str(h.run), row.name): h for row, h in found if h is not None}
    runs = await _runs(work, headers)
    by_place = {
        (runs[namespace, run], name): header
        for (namespace, run, name), header in headers.items()
        if (namespace, run) in runs
    }
    there = await _noted(work, by_place)
    new = {place: header for place, header in by_place.items() if place not in there}
    if new:
        await work.connection.execute(insert(stf_header), [_row(*item) for item in new.items()])
        await _add_up(work, new)


async def _runs(
    work: Work, headers: dict[tuple[str, str, str], Header]
) -> dict[tuple[str, str], int]:
    query = select(_R.id, _R.namespace, _R.run)
    rows = rows_where(work.connection, query, _R.run, [run for _, run, _ in headers])
    return {(row.namespace, row.run): row.id async for row in rows}


async def _noted(work: Work, places: dict[tuple[int, str], Header]) -> set[tuple[int, str]]:
    query = select(_H.run_id, _H.filename).where(_H.run_id.in_({run for run, _ in places}))
    rows = rows_where(work.connection, query, _H.filename, [name for _, name in places])
    return {(row.run_id, row.filename) async for row in rows}


def _row(place: tuple[int, str], header: Header) -> Json:
    return {
        "run_id": place[0],
        "filename": place[1],
        "first_tf": header.first_tf,
        "tfs": header.tfs,
        "events": header.events,
    }


async def _add_up(work: Work, new: dict[tuple[int, str], Header]) -> None:
    by_run: dict[int, list[Header]] = defaultdict(list)
    for (run_id, _), header in new.items():
        by_run[run_id].append(header)
    rows = rows_where(work.connection, select(run_header), run_header.c.run_id, by_run)
    there = {row.run_id: row async for row in rows}
    for run_id, headers in by_run.items():
        values = _sums(there.get(run_id), headers)
        if run_id in there:
            here = run_header.c.run_id == run_id
            await work.connection.execute(update(run_header).where(here).values(**values))
        else:
            await work.connection.execute(insert(run_header).values(run_id=run_id, **values))


def _sums(row: Row[Any] | None, headers: Sequence[Header]) -> Json:
    firsts = [header.first_tf for header in headers] + ([] if row is None else [row.first_tf])
    lasts = [h.first_tf + h.tfs - 1 for h in headers] + ([] if row is None else [row.last_tf])
    before = (0, 0, 0) if row is None else (row.stfs, row.tfs, row.events)
    return {
        "stfs": before[0] + len(headers),
        "first_tf": min(firsts),
        "last_tf": max(lasts),
        "tfs": before[1] + sum(header.tfs for header in headers),
        "events": before[2] + sum(header.events for header in headers),
    }


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of a run that has ended, to hold its headers against.

    ``announced`` counts the STFs that were announced, ``missing`` those of them that did not
    come, ``bad`` those in quarantine or lost; ``streams`` is how many numbered them.
    """

    announced: int
    missing: int
    bad: int
    streams: int


async def read_headers(
    connection: AsyncConnection, run_id: int, dataset_id: int, ended: Ended | None
) -> RunHeaders | None:
    """Return what the headers of a run say; ``ended`` is None while it goes on."""
    query = select(run_header).where(run_header.c.run_id == run_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    said = {name: row._mapping[name] for name in RunHeaders.model_fields if name in row._mapping}
    headers = RunHeaders(**said)
    if ended is None or await _are_due(connection, dataset_id):
        return headers
    return headers.model_copy(update={"mismatches": mismatches(headers, ended)})


async def _are_due(connection: AsyncConnection, dataset_id: int) -> bool:
    """Return whether some file of a dataset is still to be looked at."""
    query = (
        select(tables.file.c.id)
        .join(tables.attachment, tables.attachment.c.file_id == tables.file.c.id)
        .where(tables.file.c.due.is_not(None), tables.attachment.c.dataset_id == dataset_id)
    )
    return await connection.scalar(query.limit(1)) is not None


def mismatches(headers: RunHeaders, ended: Ended) -> tuple[str, ...]:
    """Return how the headers of a run that has ended contradict what was announced of it."""
    found = []
    expected = ended.announced - ended.missing - ended.bad
    if headers.stfs > ended.announced:
        found.append(f"There are headers of {headers.stfs} STFs, and {ended.announced} announced.")
    elif headers.stfs < expected:
        found.append(f"There are headers of {headers.stfs} STFs, and {expected} should be here.")
    span = headers.last_tf - headers.first_tf + 1
    if ended.streams <= 1 and headers.tfs > span:
        found.append(
            f"The headers count {headers.tfs} TFs, and from {headers.first_tf} to "
            f"{headers.last_tf} there are {span}: some came twice."
        )
    return tuple(found)
