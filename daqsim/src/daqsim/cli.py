"""The simulator's command line; ``penstock daq`` is the same command."""

import asyncio
import sys
from collections.abc import AsyncIterator
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
    out: Annotated[Path | None, typer.Option(help="Folder for the STF files.")] = None,
    schedule: Annotated[Path | None, typer.Option(help="YAML of detector states.")] = None,
    events: Annotated[str | None, typer.Option(help="hzz, noise, or a ROOT file.")] = None,
    stfs: Annotated[int | None, typer.Option(help="STFs of a run, at most.")] = None,
    run: Annotated[int | None, typer.Option(help="Number of the first run.")] = None,
    namespace: Annotated[str | None, typer.Option(help="Whose run it is.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the times between STFs.")] = None,
    speed: Annotated[float | None, typer.Option(help="1: real time; inf: no waiting.")] = None,
    position: Annotated[Path | None, typer.Option(help="Keeps how far it is.")] = None,
    url: Annotated[str, typer.Option(help="The storage manager; none: print.")] = "",
    auth_url: Annotated[str, typer.Option(help="data-access; none: as --url.")] = "",
    secret_file: Annotated[Path | None, typer.Option(help="File with daq's secret.")] = None,
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
    lines = [str(error)] if isinstance(error, PenstockError) else _problems(error)
    for line in lines:
        typer.echo(f"daq: {line}", err=True)
    return 1


def _problems(error: ValidationError) -> list[str]:
    return [
        f"--{field} (or PENSTOCK_DAQ_{field.upper()}): {problem['msg']}."
        for problem in error.errors()
        for field in [".".join(map(str, problem["loc"]))]
    ]


def main() -> None:
    """Run the command line."""
    set_up_logging("daq", as_json=not sys.stderr.isatty())
    typer.run(daq)
