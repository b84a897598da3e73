"""``penstock run``: list, show."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.tables import Column, Markup
from penstock_core import looks
from penstock_core.contracts.runs import Run, RunDetail, RunFact, RunFlag, RunHeaders, RunStream
from penstock_core.states import RunState

Limit = Annotated[int, typer.Option(min=1, help="How many, the newest first.")]
COLUMNS = (
    Column("#run"),
    Column("namespace", drop=5),
    Column("state"),
    Column("dataset", drop=6),
    Column("#announced", drop=2),
    Column("#registered"),
    Column("#total", drop=1),
    Column("#flags"),
    Column("started", drop=3),
    Column("ended", drop=4),
)
_SHOWN = 20


def list_all(
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    state: Annotated[
        RunState | None, typer.Option(case_sensitive=False, help="Only in this state.")
    ] = None,
    run: Annotated[str, typer.Option(help="Only of this number.")] = "",
    flagged: Annotated[
        bool | None, typer.Option("--flagged/--clean", help="Only with flags, or without.")
    ] = None,
    limit: Limit = 100,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List runs of the DAQ: state, files announced and registered, what does not fit."""
    with connect(url, data_dir) as penstock:
        found = penstock.runs(
            namespace=namespace, run=run, state=state or "", flagged=flagged, limit=limit
        )
    show(found, as_json, lambda: _list_view(found))


def show_one(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Number of the run.")],
    namespace: Annotated[str, typer.Option(help="Namespace of the run.")] = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one run: its state, what is missing, flags, streams, facts and samples."""
    with connect(url, data_dir) as penstock:
        found = penstock.run(run, namespace)
    show(found, as_json, lambda: _view(found))


def _list_view(found: Sequence[Run]) -> Iterator[RenderableType]:
    if not found:
        yield "No run."
        return
    yield table(COLUMNS, (_row(run) for run in found))


def _row(run: Run) -> tuple[Any, ...]:
    flags = Markup(f"[yellow]{len(run.flags)}[/]") if run.flags else ""
    counts = (run.announced, run.registered, run.total)
    return (
        run.run,
        run.namespace,
        coloured(run.state),
        run.dataset,
        *counts,
        flags,
        run.started_at,
        run.ended_at,
    )


def _view(found: RunDetail) -> Iterator[RenderableType]:
    run = found.run
    yield f"[bold]run {escape(run.run)}[/]  {state(run.state)}"
    yield facts(_facts(found))
    if run.flags:
        yield "\n[bold]What does not fit[/]"
        yield table(("when", "message", "from", "to", "why"), (_flag(f) for f in run.flags))
    if found.streams:
        yield "\n[bold]Streams[/]"
        heads = ("stream", "#announced", "#registered", "numbers", "#gaps", "ended", "#total")
        yield table(heads, (_stream(stream) for stream in found.streams))
    if found.facts:
        yield "\n[bold]What the DAQ said[/]"
        yield table(("when", "message", "by", "detector", "more"), (_fact(f) for f in found.facts))
    yield from _samples(found)


def _facts(found: RunDetail) -> list[tuple[str, Any]]:
    run = found.run
    total = "no total told yet" if run.total is None else f"{run.total} in all"
    conditions = ", ".join(f"{name} {value}" for name, value in run.conditions.items())
    return [
        ("dataset", run.dataset),
        ("files", f"{run.registered} registered, {run.announced} announced, {total}"),
        ("missing", _missing(found)),
        *_headers(found.headers),
        ("started", run.started_at),
        ("ended", run.ended_at),
        ("conditions", conditions),
        ("namespace", run.namespace),
    ]


def _headers(headers: RunHeaders | None) -> list[tuple[str, Any]]:
    """Return what the headers of its STFs say, and what of it does not fit."""
    if headers is None:
        return []
    stfs = "1 STF" if headers.stfs == 1 else f"{headers.stfs} STFs"
    frames = f"{headers.tfs} TFs from {headers.first_tf} to {headers.last_tf}"
    said = f"{stfs} verified, {frames}, {headers.events} events"
    return [("headers", said), *(("does not fit", sentence) for sentence in headers.mismatches)]


def _missing(found: RunDetail) -> str:
    names = list(found.missing[:_SHOWN])
    if more := found.missing_count - len(names):
        names.append(f"{more} more")
    if found.unnamed:
        names.append(f"{found.unnamed} that cannot be named")
    return ", ".join(names)


def _flag(flag: RunFlag) -> tuple[Any, ...]:
    return flag.at, flag.message, flag.before, flag.after, flag.why


def _stream(stream: RunStream) -> tuple[Any, ...]:
    numbers = "" if stream.first is None else f"{stream.first}-{stream.last}"
    ended = "yes" if stream.ended else "no"
    counts = (stream.announced, stream.registered, numbers, stream.gaps)
    return (stream.name, *counts, ended, stream.total)


def _fact(fact: RunFact) -> tuple[Any, ...]:
    detector = f"{fact.state}/{fact.substate}" if fact.substate else fact.state
    total = "" if fact.total is None else f"{looks.files(fact.total)} in all"
    return fact.at, fact.message, fact.sender, detector, fact.reason or total


def _samples(found: RunDetail) -> Iterator[RenderableType]:
    if not found.tf_files:
        return
    yield f"\n[bold]Samples of time frames[/] ({found.tf_count})"
    rows = ((tf.name, tf.first, tf.last, tf.count, tf.stf) for tf in found.tf_files[:_SHOWN])
    yield table(("file", "#first", "#last", "#frames", "of"), rows)
    if found.tf_count > _SHOWN:
        yield f"… and {found.tf_count - _SHOWN} more; in Python: penstock.tf_files(run)."
