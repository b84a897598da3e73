"""``penstock up`` and ``penstock demo``: the commands that hold the services themselves.

They import the services when they are called: no other command needs them, and they are heavy.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import penstock
from penstock.cli.connection import DEFAULT_DATA_DIR, DataDir
from penstock_core.logs import set_up_logging

PORT = 8642
TEMPLATES = Path(penstock.__file__).parents[3] / "templates"

Port = Annotated[int, typer.Option(help="Port on the loopback interface; 0 takes a free one.")]


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    hold_jobs: Annotated[bool, typer.Option(help="Start no job until released.")] = False,
    verbose: Annotated[bool, typer.Option(help="Log what every service does.")] = False,
) -> None:
    """Run every service in this process, until Ctrl-C; goes on from where it was."""
    from penstock.up import up as stand

    set_up_logging("penstock", as_json=not sys.stderr.isatty(), level=_level(verbose))
    asyncio.run(stand(data_dir, port, hold_jobs=hold_jobs, console=Console()))


def demo(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Annotated[
        int | None,
        typer.Option(help="Port on the loopback interface.", show_default="8642, or any"),
    ] = None,
    templates: Annotated[Path, typer.Option(help="Folder of templates to load.")] = TEMPLATES,
    speed: Annotated[float, typer.Option(help="Simulated seconds a second of the wall.")] = 4,
    stfs: Annotated[int, typer.Option(min=8, max=13, help="STFs of the run.")] = 8,
    leave: Annotated[bool, typer.Option("--exit", help="End when the results are shown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object; implies --exit.")] = (
        False
    ),
    verbose: Annotated[bool, typer.Option(help="Log what every service does.")] = False,
) -> None:
    """Load templates, take a simulated run of real collision events, show what came out."""
    from penstock.demo.scenario import DemoOptions, demonstrate

    set_up_logging("penstock", as_json=not sys.stderr.isatty(), level=_level(verbose))
    options = DemoOptions(
        data_dir=data_dir,
        templates=templates,
        ports=(PORT, 0) if port is None else (port,),
        speed=speed,
        stfs=stfs,
        stay=sys.stdout.isatty() and not (leave or as_json),
        as_json=as_json,
    )
    raise typer.Exit(asyncio.run(demonstrate(options)))


def _level(verbose: bool) -> str:
    return "INFO" if verbose else "WARNING"
