"""``penstock cluster``: every service in processes of its own, on this machine."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
Replicas = Annotated[
    list[str], typer.Option(metavar="N|SERVICE=N", help="How many of each, or of one. Repeatable.")
]
COLUMNS = (
    Column("service"),
    Column("#replica"),
    Column("process"),
    Column("ready"),
    Column("#pid", drop=2),
    Column("since", drop=1),
    Column("address", drop=3),
)


def start(
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    replicas: Replicas = [],  # noqa: B006 - Typer makes a new one
    wait_s: Wait = 60,
    as_json: AsJson = False,
) -> None:
    """Start every service, on the RabbitMQ and PostgreSQL of the environment."""
    wanted = _wanted(replicas)
    with _told() as told:
        members = _cluster(data_dir, port).start(wanted, wait_s, told)
    show(members, as_json, lambda: _view(members))


def scale(
    replicas: Annotated[list[str], typer.Argument(metavar="SERVICE=N …")],
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    wait_s: Wait = 60,
    as_json: AsJson = False,
) -> None:
    """Run more or fewer processes of services, while all others go on."""
    wanted = _wanted(replicas)
    with _told() as told:
        members = _cluster(data_dir, port).scale(wanted, wait_s, told)
    show(members, as_json, lambda: _view(members))


def status(
    data_dir: HouseDir = DEFAULT_DATA_DIR, port: Port = PORT, as_json: AsJson = False
) -> None:
    """Show the processes of each service, and whether they are ready."""
    members = _cluster(data_dir, port).status()
    show(members, as_json, lambda: _view(members))


def restart(
    services: Annotated[
        list[str], typer.Argument(metavar="SERVICE …", help="All, if none is named.")
    ] = [],  # noqa: B006 - Typer makes a new one
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    wait_s: Wait = 60,
) -> None:
    """Restart processes one after the other; no request is refused meanwhile."""
    from penstock.one_service import NAMES

    _cluster(data_dir, port).restart(services or NAMES, wait_s)


def stop(data_dir: HouseDir = DEFAULT_DATA_DIR, port: Port = PORT) -> None:
    """End every service; returns when they are gone."""
    _cluster(data_dir, port).stop()


def logs(
    service: Name,
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    lines: Annotated[int, typer.Option(min=1, help="How many, from the end.")] = 40,
) -> None:
    """Print the end of the log of each process of a service."""
    for log in _cluster(data_dir, PORT).logs(service):
        with log.open(errors="replace") as stream:
            typer.echo("".join(deque(stream, lines)), nl=False)


def _wanted(said: list[str]) -> dict[str, int]:
    from penstock.cluster import replicas

    return replicas(said)


@contextmanager
def _told() -> Iterator[Callable[[int, int], None]]:
    """Give what shows how many are ready, of how many."""
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("ready", total=None)
        yield lambda ready, all: progress.update(bar, completed=ready, total=all)


def _cluster(data_dir: HouseDir, port: int) -> "Cluster":
    from penstock.cluster import Cluster

    return Cluster(data_dir, port)


def _view(members: "tuple[Member, ...]") -> Iterator[RenderableType]:
    moment = now()
    rows = (
        (
            member.name,
            str(member.slot),
            member.state,
            "yes" if member.ready else ", ".join(f"{k} {v}" for k, v in member.waits_for.items()),
            str(member.pid or "-"),
            looks.age(member.since, moment) if member.since else "-",
            member.url,
        )
        for member in members
    )
    yield table(COLUMNS, rows)
