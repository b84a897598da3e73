"""The simulator's command line; ``penstock daq`` is the same command."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from pydantic import ValidationError

from daqsim.publisher import HttpPublisher, LinePublisher, Publisher
from daqsim.run import Outcome, Progress, simulate
from daqsim.settings import DaqSettings
from penstock_core.clients import DsmClient, ServiceTokens
from penstock_core.errors import InvalidInput, PenstockError
from penstock_core.logs import set_up_logging

SERVICE = "daq"


@dataclass(frozen=True, slots=True)
class Door:
    """How to reach the storage manager: its address, data-access's, and our secret's file."""

    url: str
    auth_url: str
    secret_file: Path


@asynccontextmanager
async def open_publisher(door: Door | None) -> AsyncIterator[Publisher]:
    """Give a publisher to the storage manager behind ``door``; without one, to the terminal."""
    if door is None:
        yield LinePublisher()
        return
    async with (
        httpx2.AsyncClient(base_url=door.url) as dsm,
        httpx2.AsyncClient(base_url=door.auth_url) as auth,
    ):
        tokens = ServiceTokens(auth, SERVICE, door.secret_file)
        yield HttpPublisher(DsmClient(dsm, tokens))


def daq(
    out: Annotated[
        Path | None,
        typer.Option(envvar="PENSTOCK_DAQ_OUT", help="Folder for the STF files; must be given."),
    ] = None,
    schedule: Annotated[
        Path | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_SCHEDULE",
            show_default="ePIC's live sequence, 41 s",
            help="YAML of detector states.",
        ),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_EVENTS", show_default="hzz", help="hzz, noise, or a ROOT file."
        ),
    ] = None,
    stfs: Annotated[
        int | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_STFS",
            show_default="8; of noise no limit",
            help="STFs of a run, at most.",
        ),
    ] = None,
    run: Annotated[
        int | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_RUN",
            show_default="seconds since 1970",
            help="Number of the first run.",
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_NAMESPACE", show_default="default", help="Whose run it is."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_SEED", show_default="1", help="Of the times between STFs."
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_SPEED",
            show_default="1",
            help="Above 0; 1: real time; inf: no waiting.",
        ),
    ] = None,
    position: Annotated[
        Path | None,
        typer.Option(
            envvar="PENSTOCK_DAQ_POSITION",
            show_default="position-RUN.json in --out",
            help="Keeps how far it is.",
        ),
    ] = None,
    url: Annotated[
        str, typer.Option(show_default="messages are printed", help="The storage manager.")
    ] = "",
    auth_url: Annotated[str, typer.Option(show_default="as --url", help="data-access.")] = "",
    secret_file: Annotated[
        Path | None, typer.Option(help="File with daq's secret; must be given with --url.")
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Tell of each message in a line.")] = False,
) -> None:
    """Simulate the detector and its DAQ: STF files, and messages as ePIC's."""
    asked: dict[str, Any] = {
        "out": out,
        "schedule": schedule,
        "events": events,
        "stfs": stfs,
        "run": run,
        "namespace": namespace,
        "seed": seed,
        "speed": speed,
        "position": position,
    }
    try:
        settings = DaqSettings(**{key: value for key, value in asked.items() if value is not None})
        door = _door(url, auth_url, secret_file)
        outcome = asyncio.run(_simulate(settings, door, verbose))
    except (PenstockError, ValidationError) as error:
        raise typer.Exit(_complain(error)) from error
    _report(outcome)


def _door(url: str, auth_url: str, secret_file: Path | None) -> Door | None:
    if not url:
        return None
    if secret_file is None:
        raise InvalidInput(
            f"Nobody may announce data to {url} without a secret.",
            hint="Give --secret-file: data-access writes it at its first start.",
        )
    return Door(url, auth_url or url, secret_file)


async def _simulate(settings: DaqSettings, door: Door | None, verbose: bool) -> Outcome:
    async with open_publisher(door) as publisher:
        return await simulate(settings, publisher, _tell if verbose else lambda _: None)


def _tell(progress: Progress) -> None:
    what = progress.body.get("filename", "")
    line = f"{progress.tick:9.3f} s  run {progress.run}  {progress.message.routing_key}  {what}"
    typer.echo(line.rstrip(), err=True)


def _report(outcome: Outcome) -> None:
    planned = "" if outcome.stfs_planned is None else f" of {outcome.stfs_planned}"
    typer.echo(
        f"The schedule has ended: {outcome.messages} messages ({outcome.sent} of them now); "
        f"run {outcome.run} has {outcome.stfs}{planned} STFs.",
        err=True,
    )


def _complain(error: PenstockError | ValidationError) -> int:
    told = [error] if isinstance(error, PenstockError) else [*_problems(error)]
    for one in told:
        typer.secho("Error: ", fg="red", bold=True, nl=False, err=True)
        typer.echo(one.message, err=True)
        if one.hint:
            typer.secho("Hint: ", bold=True, nl=False, err=True)
            typer.echo(one.hint, err=True)
    return 1


def _problems(error: ValidationError) -> Iterator[InvalidInput]:
    """Yield each wrong setting as the option and the variable that give it."""
    for problem in error.errors():
        field = ".".join(map(str, problem["loc"]))
        option = f"--{field.replace('_', '-')} (or PENSTOCK_DAQ_{field.upper()})"
        if problem["type"] == "missing":
            yield InvalidInput(f"{option} must be given.", hint="See --help.", field=field)
        else:
            hint = "See --help for what it may be."
            yield InvalidInput(f"{option}: {problem['msg']}.", hint=hint, field=field)


def main() -> None:
    """Run the command line."""
    set_up_logging("daq", as_json=not sys.stderr.isatty())
    typer.run(daq)
