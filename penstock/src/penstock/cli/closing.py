"""What commands tell of a dataset's closing: when, why, on what evidence; parts and followers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from penstock.cli.output import coloured, facts, table
from penstock.client import Penstock
from penstock_core import looks
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.closing import Evidence, Forecast, Part
from penstock_core.contracts.dsm import Dataset, LedgerRow


class Closing(Frozen):
    """Why a dataset is closed or when it will be, and what belongs to its logical name."""

    dataset: Dataset
    why: str
    forecast: Forecast | None
    parts: tuple[Part, ...]
    relatives: tuple[Dataset, ...]
    ledger: tuple[LedgerRow, ...]


def read_closing(penstock: Penstock, dataset: Dataset) -> Closing:
    """Return all that Penstock knows of the closing of ``dataset``."""
    forecasts = penstock.forecasts([dataset])
    return Closing(
        dataset=dataset,
        why=why_of(dataset, forecasts),
        forecast=forecasts.get(dataset.uid),
        parts=penstock.parts(dataset),
        relatives=tuple(penstock.relatives(dataset)),
        ledger=penstock.ledger(dataset),
    )


def why_of(dataset: Dataset, forecasts: Mapping[str, Forecast]) -> str:
    """Return when an open dataset will close, or why it has."""
    forecast = forecasts.get(dataset.uid)
    return looks.why(dataset) if forecast is None else forecast.text


def closing_view(closing: Closing) -> Iterator[RenderableType]:
    """Give the evidence on an open dataset, its parts and followers, and its ledger."""
    if closing.forecast is not None:
        yield "\n[bold]Evidence for closing[/]"
        yield facts(_evidence(closing.forecast.evidence))
    yield from _parts_view(closing.parts)
    yield from _relatives_view(closing.relatives)
    if closing.ledger:
        yield "\n[bold]Closing ledger[/]"
        rows = ((row.at, row.rule, row.because, row.actor) for row in closing.ledger)
        yield table(("when", "rule", "because", "by"), rows)


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
        ("listening since", evidence.listening_since),
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
