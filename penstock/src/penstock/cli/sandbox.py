"""``penstock sandbox``: what this machine has to hold strangers' programs in."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from penstock.cli.output import AsJson, facts, show, table
from penstock.tables import Column
from penstock_core.contracts.base import Frozen
from penstock_core.errors import NoSandbox
from penstock_core.sandbox import Offer, choose, offers
from pilot.engine import find
from pilot.settings import PilotSettings

Wanted = Annotated[
    str,
    typer.Option(
        "--rung",
        envvar="PENSTOCK_SANDBOX",
        help="What is asked for: auto, bubblewrap, namespaces, landlock or none.",
    ),
]


class Found(Frozen):
    """What is there; ``in_force`` is "" where nothing that was asked for is, as is ``engine``."""

    in_force: str
    engine: str
    rungs: tuple[tuple[str, str], ...]


def sandbox(wanted: Wanted = "auto", as_json: AsJson = False) -> None:
    """Try what this machine has to hold templates and their jobs in, the strongest first."""
    refused: NoSandbox | None = None
    try:
        in_force = choose(wanted).shown()
    except NoSandbox as error:
        in_force, refused = "", error
    rungs = tuple((offer.rung.value, offer.reason_against) for offer in offers())
    settings = PilotSettings()
    found = find(settings.engine)
    engine = f"{found.version} ({found.path})" if found else ""
    told = Found(in_force=in_force, engine=engine, rungs=rungs)
    containers = f"{engine or 'no engine on this machine'}; run: {settings.containers}"
    show(told, as_json, lambda: _view(in_force, containers, offers()))
    if refused is not None:
        raise refused


def _view(in_force: str, containers: str, rungs: tuple[Offer, ...]) -> Iterator[RenderableType]:
    columns = (Column("rung"), Column("here"), Column("why not"))
    rows = ((one.rung.value, "yes" if one.there else "no", one.reason_against) for one in rungs)
    yield table(columns, rows)
    if in_force:
        yield facts([("in force", in_force), ("containers", containers)])
