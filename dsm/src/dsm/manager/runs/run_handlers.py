"""What the DAQ's messages about runs do: facts, in any order, any number of times."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from dsm.manager.messages.daq_messages import DaqMessage, RunImminent
from dsm.manager.messages.telling import Answer, Done, Letter
from dsm.manager.runs.announcing import announce_runs
from dsm.manager.runs.facts import fact_of, fold_runs, hear_of, store_facts
from dsm.manager.runs.folding import MOVES
from dsm.manager.runs.run_rows import Named, RunKey, ensure_runs, run_rows
from dsm.manager.runs.stream_rows import streams_of_runs
from dsm.manager.work import Work
from penstock_core.contracts.base import Json

Runs = dict[RunKey, Row[Any]]


def key_of(letter: Letter[Any]) -> RunKey:
    """Return the run that a message is about."""
    return letter.namespace, letter.body.run_id


def stream_of(letter: Letter[Any]) -> str:
    """Return the stream that a message speaks for: the one it names, else its sender."""
    body: DaqMessage = letter.body
    return body.stream or body.sender or letter.message.sender


async def make_runs(work: Work, letters: Sequence[Letter[Any]]) -> Runs:
    """Return the runs that messages are about, made where they were not known."""
    named = [
        Named(letter.namespace, letter.body.run_id, letter.body.dataset or "", _metadata(letter))
        for letter in letters
    ]
    return await ensure_runs(work, named)


def _metadata(letter: Letter[Any]) -> Json | None:
    """Return what a run_imminent says of its run, for conditions of masks to look at."""
    body = letter.body
    if not isinstance(body, RunImminent):
        return None
    known = {"state": body.state, "substate": body.substate, "stream": body.stream}
    return body.run_conditions | {key: value for key, value in known.items() if value}


async def take_facts(work: Work, letters: Sequence[Letter[DaqMessage]]) -> list[Answer]:
    """Store what the DAQ says of runs, and fold those of which it says something new."""
    runs = await make_runs(work, letters)
    told = [(runs[key_of(letter)].id, letter.namespace, fact_of(letter)) for letter in letters]
    if changed := await store_facts(work, told):
        await fold_runs(work, changed)
        await hear_of(work, changed)
        await announce_runs(work, [row for row in runs.values() if row.id in changed])
    states = await run_rows(work, runs)
    return [Done(_what(letter, states[key_of(letter)])) for letter in letters]


def _what(letter: Letter[DaqMessage], run: Row[Any]) -> str:
    moves = letter.message.routing_key in MOVES
    return f"run {run.run}: {run.state if moves else 'noted'}"


async def settle_runs(work: Work, runs: Iterable[Row[Any]]) -> None:
    """Look again at those of these runs that have ended, for their STFs are not what they were."""
    rows = list(runs)
    streams = await streams_of_runs(work.connection, [row.id for row in rows])
    ended = {run_id for run_id, of_run in streams.items() if any(s.ended for s in of_run)}
    if ended:
        await fold_runs(work, ended)
        await announce_runs(work, [row for row in rows if row.id in ended])
