"""The simulator's command line; ``penstock daq`` is the same command."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import typer
from pydantic import ValidationError

from daqsim import options
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
    out: options.Out = None,
    schedule: options.ScheduleFile = None,
    times: options.Times = None,
    every_s: options.EveryS = None,
    events: options.Events = None,
    stfs: options.Stfs = None,
    stf_every_s: options.StfEveryS = None,
    run: options.Run = None,
    namespace: options.Namespace = None,
    seed: options.Seed = None,
    speed: options.Speed = None,
    senders: options.Senders = None,
    streams_end: options.StreamsEnd = None,
    samples: options.Samples = None,
    calibrations: options.Calibrations = None,
    calibration_s: options.CalibrationS = None,
    mischief: options.MischiefWords = None,
    position: options.PositionFile = None,
    url: options.Url = "",
    auth_url: options.AuthUrl = "",
    secret_file: options.SecretFile = None,
    verbose: options.Verbose = False,
) -> None:
    """Simulate the detector and its DAQ: STF files, and messages as ePIC's; see docs/daqsim.md."""
    asked: dict[str, Any] = {
        "out": out,
        "schedule": schedule,
        "times": times,
        "every_s": every_s,
        "events": events,
        "stfs": stfs,
        "stf_every_s": stf_every_s,
        "run": run,
        "namespace": namespace,
        "seed": seed,
        "speed": speed,
        "senders": senders,
        "streams_end": streams_end,
        "samples": samples,
        "calibrations": calibrations,
        "calibration_s": calibration_s,
        "mischief": mischief or None,
        "position": position,
    }
    try:
        settings = DaqSettings(**{key: value for key, value in asked.items() if value is not None})
        door = _door(url, auth_url, secret_file)
        outcome = asyncio.run(_simulate(settings, door, verbose))
    except (PenstockError, ValidationError) as error:
        raise typer.Exit(_complain(error)) from error
    _report(outcome, settings.record_file)


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
    kind = progress.telling.happening.msg_type
    deeds = ", ".join(sorted(progress.telling.deeds))
    line = f"{progress.tick:9.3f} s  run {progress.run}  {kind}  {what}"
    typer.echo(line.rstrip() + (f"  ({deeds})" if deeds else ""), err=True)


def _report(outcome: Outcome, record: Path) -> None:
    planned = "" if outcome.stfs_planned is None else f" of {outcome.stfs_planned}"
    typer.echo(
        f"The schedule has ended: {outcome.messages} messages ({outcome.sent} of them now); "
        f"run {outcome.run} has {outcome.stfs}{planned} STFs.",
        err=True,
    )
    if outcome.deeds:
        typer.echo(f"{outcome.deeds} misbehaviours, told in {record}.", err=True)


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
