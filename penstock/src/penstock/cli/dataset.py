"""``penstock dataset``: list, show, close, delete."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.closing import Closing, closing_view, read_closing, why_of
from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.tables import Column
from penstock_core import looks
from penstock_core.contracts.closing import Forecast
from penstock_core.contracts.dsm import ContentFile, Dataset
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


class Shown(Closing):
    """What ``dataset show`` tells of one dataset."""

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
        closing = read_closing(penstock, found)
        shown = Shown(**dict(closing), files=tuple(penstock.files(found)))
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


def delete(
    dataset: Name,
    because: Annotated[str, typer.Option(help="Why; the ledger keeps it with your name.")],
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete a dataset for good; files that no other dataset holds are removed from disk."""
    with connect(url, data_dir) as penstock:
        deleted = penstock.delete_dataset(dataset, because, namespace)
    held = f"its {looks.files(deleted.files)} follow, as far as no other dataset holds them"
    line = f"{escape(deleted.name)} is {state(deleted.state)}; {held}."
    show(deleted, as_json, lambda: [line])


def _closed_line(before: Dataset, closed: Dataset) -> str:
    if before.state is DatasetState.OPEN:
        return f"{escape(closed.name)} is {state(closed.state)}."
    why = escape(looks.why(before))
    return (
        f"{escape(closed.name)} was already {state(closed.state)}: {why}; "
        "your reason was not recorded."
    )


def _list_view(
    found: Sequence[Dataset], forecasts: Mapping[str, Forecast]
) -> Iterator[RenderableType]:
    if not found:
        yield "No dataset."
        return
    yield table(COLUMNS, (_row(dataset, why_of(dataset, forecasts)) for dataset in found))


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
    yield from closing_view(shown)
    yield from _files_view(shown.files)


def _facts(dataset: Dataset, why: str) -> list[tuple[str, Any]]:
    announced = "" if dataset.announced is None else f" of {dataset.announced} announced"
    return [
        ("why", why),
        ("files", f"{dataset.files}{announced}{', incomplete' if dataset.incomplete else ''}"),
        *_trouble(dataset),
        ("size", looks.size(dataset.size_bytes)),
        ("kind", dataset.kind),
        ("producer", dataset.producer),
        ("opened", dataset.opened_at),
        ("closed", dataset.closed_at),
        *([] if dataset.processing else [("processing", "none: late files, archived only")]),
        ("namespace", dataset.namespace),
        ("scope", dataset.scope),
        ("uid", dataset.uid),
    ]


def _trouble(dataset: Dataset) -> list[tuple[str, Any]]:
    """Return how many of its files must not be used, if any."""
    counts = (("in quarantine", dataset.quarantined), ("lost", dataset.lost))
    return [(name, looks.files(count)) for name, count in counts if count]


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
