"""``penstock dataset``: list, show, close."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.tables import Column
from penstock_core import looks
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.closing import Evidence, Forecast, Part
from penstock_core.contracts.dsm import ContentFile, Dataset, LedgerRow
from penstock_core.states import DatasetKind, DatasetState

Name = Annotated[str, typer.Argument(metavar="DATASET", help="Name or uid of the dataset.")]
Namespace = Annotated[str, typer.Option("--namespace", help="Namespace of the dataset.")]

SHOWN_FILES = 20
COLUMNS = (
    Column("name"),
    Column("kind", drop=4),
    Column("state"),
    Column("#files", drop=1),
    Column("#size", drop=2),
    Column("opened", drop=5),
    Column("why", drop=3, least=28),
)


class Shown(Frozen):
    """What ``dataset show`` tells of one dataset."""

    dataset: Dataset
    why: str
    forecast: Forecast | None
    parts: tuple[Part, ...]
    relatives: tuple[Dataset, ...]
    ledger: tuple[LedgerRow, ...]
    files: tuple[ContentFile, ...]


def list_all(
    name: Annotated[str, typer.Option(help="Only names that fit this glob.")] = "",
    state: Annotated[
        DatasetState | None, typer.Option(case_sensitive=False, help="Only in this state.")
    ] = None,
    kind: Annotated[
        DatasetKind | None, typer.Option(case_sensitive=False, help="Only of this kind.")
    ] = None,
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List datasets: files, size, state, and why each is closed or when it will be."""
    with connect(url, data_dir) as penstock:
        found = penstock.datasets(
            name=name, state=state or "", kind=kind or "", namespace=namespace
        )
        forecasts = {} if as_json else penstock.forecasts(found)
    show(found, as_json, lambda: _list_view(found, forecasts))


def show_one(
    dataset: Name,
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one dataset: files, size, state, why it is closed or when it will, its ledger."""
    with connect(url, data_dir) as penstock:
        found = penstock.dataset(dataset, namespace)
        forecasts = penstock.forecasts([found])
        shown = Shown(
            dataset=found,
            why=_why(found, forecasts),
            forecast=forecasts.get(found.uid),
            parts=penstock.parts(found),
            relatives=tuple(penstock.relatives(found)),
            ledger=penstock.ledger(found),
            files=tuple(penstock.files(found)),
        )
    show(shown, as_json, lambda: _view(shown))


def close(
    dataset: Name,
    because: Annotated[str, typer.Option(help="Why; the ledger keeps it with your name.")],
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Close a dataset in your name, whatever is missing."""
    with connect(url, data_dir) as penstock:
        before = penstock.dataset(dataset, namespace)
        closed = penstock.close_dataset(before.uid, because, namespace)
    show(closed, as_json, lambda: [_closed_line(before, closed)])


def _closed_line(before: Dataset, closed: Dataset) -> str:
    if before.state is DatasetState.OPEN:
        return f"{escape(closed.name)} is {state(closed.state)}."
    why = escape(looks.why(before))
    return (
        f"{escape(closed.name)} was already {state(closed.state)}: {why}; "
        "your reason was not recorded."
    )


def _why(dataset: Dataset, forecasts: Mapping[str, Forecast]) -> str:
    """Return when an open dataset will close, or why it has."""
    forecast = forecasts.get(dataset.uid)
    return looks.why(dataset) if forecast is None else forecast.text


def _list_view(
    found: Sequence[Dataset], forecasts: Mapping[str, Forecast]
) -> Iterator[RenderableType]:
    if not found:
        yield "No dataset."
        return
    yield table(COLUMNS, (_row(dataset, _why(dataset, forecasts)) for dataset in found))


def _row(dataset: Dataset, why: str) -> tuple[Any, ...]:
    return (
        dataset.name,
        dataset.kind,
        coloured(dataset.state),
        dataset.files,
        looks.size(dataset.size_bytes),
        dataset.opened_at,
        why,
    )


def _view(shown: Shown) -> Iterator[RenderableType]:
    dataset = shown.dataset
    yield f"[bold]{escape(dataset.name)}[/]  {state(dataset.state)}"
    yield facts(_facts(dataset, shown.why))
    if shown.forecast is not None:
        yield "\n[bold]Evidence for closing[/]"
        yield facts(_evidence(shown.forecast.evidence))
    yield from _parts_view(shown.parts)
    yield from _relatives_view(shown.relatives)
    if shown.ledger:
        yield "\n[bold]Closing ledger[/]"
        rows = ((row.at, row.rule, row.because, row.actor) for row in shown.ledger)
        yield table(("when", "rule", "because", "by"), rows)
    yield from _files_view(shown.files)


def _facts(dataset: Dataset, why: str) -> list[tuple[str, Any]]:
    announced = "" if dataset.announced is None else f" of {dataset.announced} announced"
    return [
        ("why", why),
        ("files", f"{dataset.files}{announced}{', incomplete' if dataset.incomplete else ''}"),
        ("size", looks.size(dataset.size_bytes)),
        ("kind", dataset.kind),
        ("producer", dataset.producer),
        ("opened", dataset.opened_at),
        ("closed", dataset.closed_at),
        ("processing", "" if dataset.processing else "none: late files, archived only"),
        ("namespace", dataset.namespace),
        ("scope", dataset.scope),
        ("uid", dataset.uid),
    ]


def _evidence(evidence: Evidence) -> list[tuple[str, Any]]:
    missing = ", ".join(evidence.missing[:50]) + (" …" if len(evidence.missing) > 50 else "")
    runs = ", ".join(f"{run.run} {run.state}" for run in evidence.runs)
    return [
        ("rule", evidence.rule),
        ("registered", evidence.registered),
        ("announced", evidence.announced),
        ("announced by", evidence.announced_by),
        ("announced at", evidence.announced_at),
        ("last file", evidence.last_file_at),
        ("missing", missing + (f" and {evidence.unnamed} more" if evidence.unnamed else "")),
        ("runs", runs),
        ("later run", evidence.later.run if evidence.later else ""),
    ]


def _parts_view(parts: Sequence[Part]) -> Iterator[RenderableType]:
    if len(parts) < 2:
        return
    yield "\n[bold]Parts[/]"
    rows = (
        (p.number, p.name, p.first_position, p.files, looks.size(p.size_bytes), p.closed_at)
        for p in parts
    )
    yield table(("#part", "name", "#from", "#files", "#size", "closed"), rows)


def _relatives_view(relatives: Sequence[Dataset]) -> Iterator[RenderableType]:
    if not relatives:
        return
    yield "\n[bold]Of the same logical name[/]"
    rows = (
        (d.name, coloured(d.state), d.files, "yes" if d.processing else "archived only")
        for d in relatives
    )
    yield table(("name", "state", "#files", "processing"), rows)


def _files_view(files: Sequence[ContentFile]) -> Iterator[RenderableType]:
    if not files:
        return
    yield f"\n[bold]Files[/] ({len(files)})"
    rows = (
        (f.position, looks.size(f.size_bytes), f.checksum, "yes" if f.usable else "no", f.url)
        for f in files[:SHOWN_FILES]
    )
    yield table(("#", "#size", "checksum", "usable", "where"), rows)
    if len(files) > SHOWN_FILES:
        yield f"… and {len(files) - SHOWN_FILES} more; all of them with --json."
