"""What the DAQ's messages about runs do: facts, in any order, any number of times."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from dsm.manager.announcing import announce_runs
from dsm.manager.daq_messages import DaqMessage, EndRun, RunImminent, utc_text
from dsm.manager.runs import Move, Named, RunKey, ensure_runs, move_runs
from dsm.manager.stream_rows import end_streams
from dsm.manager.telling import Answer, Done, HandleLetters, Letter
from dsm.manager.work import Work
from penstock_core.contracts.base import Json
from penstock_core.states import RunState

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
    known = {"state": body.extras.get("state"), "substate": body.extras.get("substate")}
    known["stream"] = body.stream
    return body.run_conditions | {key: value for key, value in known.items() if value}


def moves_run_to(state: RunState) -> HandleLetters:
    """Return the handler of messages that tell that a run came to ``state``."""

    async def handle(work: Work, letters: Sequence[Letter[DaqMessage]]) -> list[Answer]:
        await make_runs(work, letters)
        await move_runs(work, [_move(letter, state) for letter in letters])
        return [Done(f"run {letter.body.run_id}: {state}") for letter in letters]

    return handle


def _move(letter: Letter[Any], state: RunState) -> Move:
    body: DaqMessage = letter.body
    at = utc_text(body.timestamp or letter.message.timestamp)
    return Move(
        key_of(letter), state, at, -1.0 if body.simulation_tick is None else body.simulation_tick
    )


async def keep_facts(work: Work, letters: Sequence[Letter[DaqMessage]]) -> list[Answer]:
    """Make the runs that are named; the journal keeps the rest."""
    await make_runs(work, letters)
    return [Done(f"run {letter.body.run_id}: noted") for letter in letters]


async def end_runs(work: Work, letters: Sequence[Letter[EndRun]]) -> list[Answer]:
    """End streams and runs; where all is known, announce the count of the run's dataset."""
    runs = await make_runs(work, letters)
    await move_runs(work, [_move(letter, RunState.ENDED) for letter in letters])
    ends: dict[tuple[int, str], int | None] = {}
    for letter in letters:
        place = runs[key_of(letter)].id, stream_of(letter)
        ends[place] = letter.body.total if letter.body.total is not None else ends.get(place)
    await end_streams(work, ends)
    await announce_runs(work, runs.values())
    return [Done(f"run {letter.body.run_id}: {RunState.ENDED}") for letter in letters]
