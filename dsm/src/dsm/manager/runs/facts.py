"""The facts about runs as they are stored: each once, and folded again when a new one comes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.messages.daq_messages import DaqMessage, EndRun, PauseRun, utc_text
from dsm.manager.messages.telling import Letter
from dsm.manager.reading import rows_where
from dsm.manager.runs.folding import MOVES, Fact, Folded, begun_in, fold_run, last_totals
from dsm.manager.runs.run_metadata import tell_beginnings
from dsm.manager.runs.stream_rows import StreamEnd, end_streams, streams_of_runs
from dsm.manager.runs.streams import senders_of
from dsm.manager.work import Work
from penstock_core.bulk import insert_rows
from penstock_core.contracts.base import Json

_C = tables.run_fact.c
_FIELDS = tuple(field.name for field in fields(Fact))


def fact_of(letter: Letter[Any]) -> Fact:
    """Return what a message says of its run."""
    body: DaqMessage = letter.body
    sender = body.sender or letter.message.sender
    moves = letter.message.routing_key in MOVES
    rest: Json = {
        "sender": sender,
        "stream": body.stream or sender,
        "named": bool(body.stream),
        "state": body.state if moves else "",
        "substate": body.substate if moves and body.state else "",
        "total": body.total if isinstance(body, EndRun) else None,
        "reason": body.reason if isinstance(body, PauseRun) else "",
    }
    return Fact(
        at=utc_text(body.timestamp or letter.message.timestamp),
        tick=-1.0 if body.simulation_tick is None else body.simulation_tick,
        type=letter.message.routing_key,
        said=hashlib.sha256(repr(sorted(rest.items())).encode()).hexdigest()[:32],
        **rest,
    )


async def store_facts(work: Work, told: Sequence[tuple[int, str, Fact]]) -> set[int]:
    """Store facts, each with its run and namespace; return the runs of which one was new."""
    known = await facts_of_runs(work.connection, {run_id for run_id, _, _ in told})
    new = [(r, n, fact) for r, n, fact in dict.fromkeys(told) if fact not in known[r]]
    if new:
        rows = [{"run_id": r, "namespace": n} | asdict(fact) for r, n, fact in new]
        await insert_rows(work.connection, tables.run_fact, rows)
    return {run_id for run_id, _, _ in new}


async def facts_of_runs(
    connection: AsyncConnection, run_ids: Iterable[int]
) -> dict[int, set[Fact]]:
    """Return the facts of these runs, by run."""
    found: dict[int, set[Fact]] = defaultdict(set)
    async for row in rows_where(connection, select(tables.run_fact), _C.run_id, run_ids):
        found[row.run_id].add(Fact(*(row._mapping[name] for name in _FIELDS)))
    return found


async def hear_of(work: Work, run_ids: Iterable[int]) -> None:
    """Store that something new was heard of these runs, and when of their start."""
    columns = tables.run.c
    heard = update(tables.run).where(columns.id.in_(list(run_ids)))
    await work.connection.execute(heard.values(heard_at=work.at))
    started = heard.where(columns.started_at.is_not(None), columns.start_heard_at.is_(None))
    await work.connection.execute(started.values(start_heard_at=work.at))


async def fold_runs(work: Work, run_ids: Iterable[int]) -> None:
    """Fold the facts of these runs again: the ends of their streams, then their state."""
    facts = await facts_of_runs(work.connection, run_ids)
    ends = {
        (run_id, stream): StreamEnd(total, named)
        for run_id, of_run in facts.items()
        for stream, (total, named) in last_totals(of_run).items()
    }
    await end_streams(work, ends)
    streams = await streams_of_runs(work.connection, facts)
    senders = {run_id: [s.name for s in senders_of(of)] for run_id, of in streams.items()}
    await _store(work, {r: fold_run(of_run, senders[r]) for r, of_run in facts.items()})
    await tell_beginnings(work, {r: begun_in(of_run) for r, of_run in facts.items()})


async def _store(work: Work, folded: Mapping[int, Folded]) -> None:
    if not folded:
        return
    columns = tables.run.c
    names = ("state", "state_at", "started_at", "ended_at")
    rows = [
        {"the_run": run_id, "new_flags": [flag.as_json() for flag in run.flags] or None}
        | {f"new_{name}": getattr(run, name) for name in names}
        for run_id, run in folded.items()
    ]
    values: Json = {name: bindparam(f"new_{name}") for name in names}
    values["flags"] = bindparam("new_flags", type_=columns.flags.type)
    await work.connection.execute(
        update(tables.run).where(columns.id == bindparam("the_run")).values(**values), rows
    )
