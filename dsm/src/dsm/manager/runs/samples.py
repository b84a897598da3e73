"""Samples of time frames, cut out of STFs for fast monitoring: noted, each once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.messages.daq_messages import TfFileRegistered
from dsm.manager.messages.telling import Answer, Done, Letter
from dsm.manager.reading import page_of, rows_where
from dsm.manager.runs.run_handlers import key_of, make_runs
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json, Page
from penstock_core.contracts.runs import TfFile

_C = tables.tf_file.c


async def keep_samples(work: Work, letters: Sequence[Letter[TfFileRegistered]]) -> list[Answer]:
    """Store which samples there are; what was told of one first stays."""
    runs = await make_runs(work, letters)
    told: dict[tuple[int, str], Letter[TfFileRegistered]] = {}
    for letter in letters:
        told.setdefault((runs[key_of(letter)].id, letter.body.tf_filename), letter)
    names = [name for _, name in told]
    query = select(_C.run_id, _C.name).where(_C.run_id.in_({run_id for run_id, _ in told}))
    known = {
        (row.run_id, row.name) async for row in rows_where(work.connection, query, _C.name, names)
    }
    rows = [_row(place, letter, work.at) for place, letter in told.items() if place not in known]
    if rows:
        await insert_rows(work.connection, tables.tf_file, rows)
    return [Done(f"TF file {letter.body.tf_filename} noted") for letter in letters]


def _row(place: tuple[int, str], letter: Letter[TfFileRegistered], at: str) -> Json:
    body = letter.body
    return {
        "run_id": place[0],
        "name": place[1],
        "stf": body.stf_filename,
        "first": body.tf_first,
        "last": body.tf_last,
        "count": body.tf_count,
        "sender": body.sender or letter.message.sender,
        "noted_at": at,
    }


async def page_samples(
    connection: AsyncConnection, run_id: int, after: int, limit: int
) -> Page[TfFile]:
    """Return the samples of a run after a cursor."""
    query = select(tables.tf_file).where(_C.run_id == run_id, _C.id > after)
    rows = (await connection.execute(query.order_by(_C.id).limit(limit))).all()
    return page_of(rows, limit, _sample)


async def count_samples(connection: AsyncConnection, run_id: int) -> int:
    """Return how many samples a run has."""
    query = select(func.count()).select_from(tables.tf_file).where(_C.run_id == run_id)
    return await connection.scalar(query) or 0


def _sample(row: Row[Any]) -> TfFile:
    return TfFile.model_validate({name: row._mapping[name] for name in TfFile.model_fields})
