"""``penstock up`` and ``penstock demo``: the commands that hold the services themselves.

They import the services when they are called: no other command needs them, and they are heavy.
"""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

import penstock
from penstock.cli.connection import DEFAULT_DATA_DIR
from penstock.data_folder import log_to_file
from penstock.services import PORT
from penstock_core.logs import set_up_logging

if TYPE_CHECKING:
    from penstock.saying import Speaker

TEMPLATES = Path(penstock.__file__).parents[3] / "templates"

Port = Annotated[
    int,
    typer.Option(min=0, max=65535, help="Port on the loopback interface; 0 takes a free one."),
]
HouseDir = Annotated[
    Path,
    typer.Option("--data-dir", envvar="PENSTOCK_DATA_DIR", help="Folder for all that it keeps."),
]
Verbose = Annotated[bool, typer.Option(help="Log what every service does, on standard error.")]
PIPE_WIDTH = 132
"""Columns of a page that no terminal shows."""


def up(
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Port = PORT,
    hold_jobs: Annotated[bool, typer.Option(help="Start no job until released.")] = False,
    verbose: Verbose = False,
) -> None:
    """Run every service in this process, until Ctrl-C; goes on from where it was."""
    from penstock.up import up as stand

    _log(data_dir, verbose)
    speaker = _speaker(data_dir, verbose)
    asyncio.run(stand(data_dir, port, hold_jobs=hold_jobs, speaker=speaker))


def serve(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="data-access, dsm, …, or front.")
    ],
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to answer on.")] = 0,
    host: Annotated[
        str, typer.Option(help="Address to answer on: 0.0.0.0 for all of the machine.")
    ] = "127.0.0.1",
) -> None:
    """Run one service in this process, on the RabbitMQ and PostgreSQL of the environment."""
    from penstock.one_service import serve as stand
    from penstock.serve import Door
    from penstock_core.settings import HouseSettings

    set_up_logging(service, as_json=not sys.stderr.isatty(), level="INFO")
    asyncio.run(stand(service, HouseSettings(data_dir=data_dir), Door(port, host)))


def _above_zero(speed: float) -> float:
    if not speed > 0:
        raise typer.BadParameter(f"{speed} is not above 0; 1 is real time.")
    return speed


def demo(
    data_dir: HouseDir = DEFAULT_DATA_DIR,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port on the loopback interface.", show_default="8642, or any"
        ),
    ] = None,
    templates: Annotated[Path, typer.Option(help="Folder of templates to load.")] = TEMPLATES,
    speed: Annotated[
        float,
        typer.Option(callback=_above_zero, help="Simulated seconds a second of the wall."),
    ] = 4,
    stfs: Annotated[int, typer.Option(min=8, max=13, help="STFs of the run.")] = 8,
    leave: Annotated[bool, typer.Option("--exit", help="End when the results are shown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object; implies --exit.")] = (
        False
    ),
    verbose: Verbose = False,
) -> None:
    """Load templates, take a simulated run of real collision events, show what came out."""
    from penstock.demo.scenario import DemoOptions, demonstrate

    _log(data_dir, verbose)
    options = DemoOptions(
        data_dir=data_dir,
        templates=templates,
        ports=(PORT, 0) if port is None else (port,),
        speed=speed,
        stfs=stfs,
        stay=sys.stdout.isatty() and not (leave or as_json),
        as_json=as_json,
    )
    speaker = _speaker(data_dir, verbose, on_stderr=as_json)
    raise typer.Exit(asyncio.run(demonstrate(options, speaker)))


def _log(data_dir: Path, verbose: bool) -> None:
    """Log into the data folder, out of the way of what is said; or all of it to standard error."""
    set_up_logging(
        "penstock", as_json=not sys.stderr.isatty(), level="INFO" if verbose else "WARNING"
    )
    if not verbose:
        log_to_file(data_dir)


def _speaker(data_dir: Path, verbose: bool, on_stderr: bool = False) -> "Speaker":
    from penstock.saying import Speaker

    stream = sys.stderr if on_stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(stderr=on_stderr, width=width)
    return Speaker(console, data_dir, logs_to_file=not verbose)
