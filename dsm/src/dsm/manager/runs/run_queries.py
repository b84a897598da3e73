"""What may be asked about runs: pages of them, and one with all that is known of it."""

from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dsm.manager import tables
from dsm.manager.inspection.headers import Ended, read_headers
from dsm.manager.queries import filtered
from dsm.manager.reading import after_cursor, page_of, rows_where
from dsm.manager.runs.facts import facts_of_runs
from dsm.manager.runs.folding import Fact, in_order
from dsm.manager.runs.missing import Missing, missing_stfs
from dsm.manager.runs.samples import count_samples, page_samples
from dsm.manager.runs.sequences import Numbering, numberings
from dsm.manager.runs.stream_rows import streams_of_runs
from dsm.manager.runs.streams import Stream, sender_names
from penstock_core.contracts.base import Page
from penstock_core.contracts.runs import Run, RunDetail, RunFact, RunFlag, RunStream, TfFile
from penstock_core.errors import NotFound
from penstock_core.states import RunState

_D, _R = tables.dataset.c, tables.run.c
_TF_SHOWN = 100


async def page_runs(
    connection: AsyncConnection,
    *,
    after: int,
    limit: int,
    newest: bool = False,
    flagged: bool | None = None,
    **equal: str,
) -> Page[Run]:
    """Return runs after a cursor; ``equal`` are columns, "" for any."""
    query = filtered(_select_runs(), _R, equal)
    if flagged is not None:
        is_flagged = or_(_R.flags.is_not(None), _R.elsewhere.is_not(None))
        query = query.where(is_flagged if flagged else ~is_flagged)
    query = after_cursor(query, _R.id, after, limit, newest=newest)
    rows = (await connection.execute(query)).all()
    stfs = await _stfs(connection, rows)
    return page_of(rows, limit, lambda row: _run(row, stfs.get(row.id, 0)))


def _select_runs() -> Select[Any]:
    columns = (
        _D.uid.label("dataset_uid"),
        _D.name.label("dataset"),
        _D.files,
        _D.announced.label("total"),
    )
    return select(tables.run, *columns).join(tables.dataset, _D.id == _R.dataset_id)


async def _stfs(connection: AsyncConnection, runs: Any) -> dict[int, int]:
    """Return by run how many STFs all its streams have announced."""
    found: dict[int, int] = {}
    columns = tables.stream.c
    query = select(columns.run_id, columns.stfs)
    async for row in rows_where(connection, query, columns.run_id, [run.id for run in runs]):
        found[row.run_id] = found.get(row.run_id, 0) + row.stfs
    return found


def _run(row: Row[Any], announced: int) -> Run:
    values = dict(row._mapping) | {"announced": announced, "registered": row.files}
    values |= {"since": row.state_at, "flags": _flags(row)}
    return Run.model_validate({name: values[name] for name in Run.model_fields})


def _flags(row: Row[Any]) -> tuple[RunFlag, ...]:
    flags = [RunFlag.model_validate(flag) for flag in row.flags or ()]
    for place, told in (row.elsewhere or {}).items():
        stfs = "1 STF was" if told["stfs"] == 1 else f"{told['stfs']} STFs were"
        why = f"{stfs} made in {place}, not in run/physics; the last at {told['last']}"
        values = {"at": told["first"], "before": "", "after": place, "message": "stf_gen"}
        flags.append(RunFlag.model_validate(values | {"why": why}))
    return tuple(sorted(flags, key=lambda flag: (flag.at, flag.message, flag.after)))


async def read_run(connection: AsyncConnection, namespace: str, run: str) -> RunDetail:
    """Return one run with all that is known of it; raises ``NotFound``."""
    row = await the_run(connection, namespace, run)
    facts = (await facts_of_runs(connection, [row.id])).get(row.id, ())
    streams = (await streams_of_runs(connection, [row.id]))[row.id]
    columns = (_D.id, _D.files, _D.announced, _D.quarantined, _D.lost)
    dataset = select(*columns).where(_D.id == row.dataset_id)
    held = (await connection.execute(dataset)).all()
    lost = await missing_stfs(connection, held)
    missing = lost.get(row.dataset_id, Missing())
    samples = await page_samples(connection, row.id, 0, _TF_SHOWN)
    told = _run(row, sum(stream.stfs for stream in streams))
    ended = Ended(
        announced=told.announced if told.total is None else told.total,
        missing=missing.named + missing.unnamed,
        bad=sum(one.quarantined + one.lost for one in held),
        streams=sum(stream.stfs > 0 for stream in streams),
    )
    is_over = told.state is RunState.ENDED
    return RunDetail(
        run=told,
        facts=tuple(_fact(fact) for fact in in_order(facts)),
        streams=await _streams(connection, row.id, streams),
        missing=missing.names,
        missing_count=missing.named,
        unnamed=missing.unnamed,
        tf_count=await count_samples(connection, row.id),
        tf_files=samples.items,
        headers=await read_headers(connection, row.id, row.dataset_id, ended if is_over else None),
    )


async def read_samples(
    connection: AsyncConnection, namespace: str, run: str, after: int, limit: int
) -> Page[TfFile]:
    """Return a page of the samples of a run; raises ``NotFound``."""
    row = await the_run(connection, namespace, run)
    return await page_samples(connection, row.id, after, limit)


async def the_run(connection: AsyncConnection, namespace: str, run: str) -> Row[Any]:
    """Return the row of one run; raises ``NotFound``."""
    query = _select_runs().where(_R.namespace == namespace, _R.run == run)
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound(
            f"There is no run {run[:100]!r} in namespace {namespace[:100]!r}.",
            hint="GET /api/v1/run lists them; whatever message names a run makes it.",
            facts={"run": run[:100], "namespace": namespace[:100]},
        )
    return row


def _fact(fact: Fact) -> RunFact:
    values = {name: getattr(fact, name) for name in RunFact.model_fields if hasattr(fact, name)}
    tick = None if fact.tick < 0 else fact.tick
    return RunFact.model_validate(values | {"simulation_tick": tick, "message": fact.type})


async def _streams(
    connection: AsyncConnection, run_id: int, streams: tuple[Stream, ...]
) -> tuple[RunStream, ...]:
    senders = sender_names({run_id: streams})
    found = (await numberings(connection, senders)).get(run_id, ()) if senders else ()
    by_name = {numbering.stream: numbering for numbering in found}
    known = [s for s in streams if s.stfs or s.ended or s.name in by_name]
    return tuple(
        _stream(s, by_name.get(s.name, _NOTHING)) for s in sorted(known, key=lambda s: s.name)
    )


_NOTHING = Numbering("", 0, 0, 0, None, None)


def _stream(stream: Stream, numbering: Numbering) -> RunStream:
    return RunStream(
        name=stream.name,
        announced=stream.stfs,
        known=numbering.stfs,
        registered=numbering.registered,
        first=numbering.first,
        last=numbering.last,
        gaps=numbering.gaps,
        ended=stream.ended,
        total=stream.total,
    )
