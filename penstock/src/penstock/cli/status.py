"""``penstock status``: how each service stands."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import RenderableType

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, show, table
from penstock.tables import Column
from penstock_core import looks
from penstock_core.clock import now
from penstock_core.contracts.services import ServiceRow, ServiceState

COLUMNS = (
    Column("service"),
    Column("state"),
    Column("waits for", drop=1, least=12),
    Column("last activity", drop=2),
    Column("#behind", drop=1),
    Column("for", drop=5),
    Column("heard of", drop=3),
    Column("host", drop=4),
    Column("#pid", drop=6),
    Column("version", drop=7),
    Column("started", drop=8),
)


def status(
    everything: Annotated[bool, typer.Option("--all", help="Stopped ones, too.")] = False,
    name: Annotated[str, typer.Option(help="Only services of this name.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how each service stands: its state, last activity and how far behind it is."""
    with connect(url, data_dir) as penstock:
        found = penstock.services(name=name)
    shown = [s for s in found if everything or s.state is not ServiceState.STOPPED]
    show(shown, as_json, lambda: _view(shown))


def _view(services: Sequence[ServiceRow]) -> Iterator[RenderableType]:
    if not services:
        yield "No service has told of itself."
        return
    yield table(COLUMNS, map(_row, sorted(services, key=lambda s: (s.name, s.service_id))))


def _row(service: ServiceRow) -> tuple[object, ...]:
    moment, active = now(), service.last_activity_at
    return (
        service.name,
        service.state,
        "; ".join(f"{part}: {why}" for part, why in service.waits_for.items()),
        looks.age(active, moment) if active else "-",
        service.lag_events,
        looks.duration(timedelta(seconds=service.lag_s)) if service.lag_events else "-",
        looks.age(service.seen_at, moment),
        service.host,
        service.pid,
        service.version,
        looks.utc(service.started_at),
    )
