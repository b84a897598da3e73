"""``penstock cluster``: every service in a process of its own, on this machine."""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import Progress

from penstock.cli.connection import DEFAULT_DATA_DIR
from penstock.cli.output import AsJson, show, table
from penstock.cli.running import HouseDir
from penstock.services import PORT
from penstock.tables import Column
from penstock_core import looks
from penstock_core.clock import now

if TYPE_CHECKING:
    from penstock.cluster import Cluster, Member

Port = Annotated[
    int, typer.Option(min=1, max=65000, help="The front's; the services have those after it.")
]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait until all are ready.")]
Name = Annotated[str, typer.Argument(metavar="SERVICE")]
COLUMNS = (
    Column("service"),
    Column("process"),
    Column("ready"),
    Column("#pid", drop=2),
    Column("since", drop=1),
    Column("address", drop=3),
)


def start(
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    wait_s: Wait = 60,
    as_json: AsJson = False,
) -> None:
    """Start every service, on the RabbitMQ and PostgreSQL of the environment."""
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("ready", total=None)
        members = _cluster(data_dir, port).start(
            wait_s, lambda ready, all: progress.update(bar, completed=ready, total=all)
        )
    show(members, as_json, lambda: _view(members))


def status(
    data_dir: HouseDir = DEFAULT_DATA_DIR, port: Port = PORT, as_json: AsJson = False
) -> None:
    """Show each service's process, and whether it is ready."""
    members = _cluster(data_dir, port).status()
    show(members, as_json, lambda: _view(members))


def restart(
    services: Annotated[list[str], typer.Argument(metavar="SERVICE …")],
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    wait_s: Wait = 60,
) -> None:
    """Restart services one after the other, each once all are ready again."""
    _cluster(data_dir, port).restart(services, wait_s)


def stop(data_dir: HouseDir = DEFAULT_DATA_DIR, port: Port = PORT) -> None:
    """End every service; returns when they are gone."""
    _cluster(data_dir, port).stop()


def logs(
    service: Name,
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    lines: Annotated[int, typer.Option(min=1, help="How many, from the end.")] = 40,
) -> None:
    """Print the end of a service's log."""
    log = _cluster(data_dir, PORT).log(service)
    if log.exists():
        with log.open(errors="replace") as stream:
            typer.echo("".join(deque(stream, lines)), nl=False)


def _cluster(data_dir: HouseDir, port: int) -> "Cluster":
    from penstock.cluster import Cluster

    return Cluster(data_dir, port)


def _view(members: "tuple[Member, ...]") -> Iterator[RenderableType]:
    moment = now()
    rows = (
        (
            member.name,
            member.state,
            "yes" if member.ready else ", ".join(f"{k} {v}" for k, v in member.waits_for.items()),
            str(member.pid or "-"),
            looks.age(member.since, moment) if member.since else "-",
            member.url,
        )
        for member in members
    )
    yield table(COLUMNS, rows)
