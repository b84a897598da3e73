"""Simulated runs of this installation: each a child process, taken up again after a stop."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict

from penstock_core.contracts.base import Frozen
from penstock_core.settings import HouseSettings

_PR_SET_PDEATHSIG = 1


class RunOptions(Frozen):
    """How a simulated run was started; the same at each restart."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    run: int
    speed: float
    seed: int
    stfs: int
    namespace: str = "default"


@dataclass(frozen=True, slots=True)
class DaqRun:
    """One simulated run and its folder: options, position, STF files, log, ``done`` at its end."""

    folder: Path
    options: RunOptions

    @property
    def done(self) -> bool:
        """Return whether all its messages are published."""
        return (self.folder / "done").exists()

    @property
    def number(self) -> int:
        return self.options.run


def daq_runs(data_dir: Path) -> list[DaqRun]:
    """Return all simulated runs of this installation, by number."""
    found = sorted((data_dir / "daq").glob("*/options.json"))
    runs = [
        DaqRun(file.parent, RunOptions.model_validate_json(file.read_bytes())) for file in found
    ]
    return sorted(runs, key=lambda run: run.number)


def new_run(data_dir: Path, options: RunOptions) -> DaqRun:
    """Return a run that is on record from now on, so that a later start takes it up."""
    folder = data_dir / "daq" / str(options.run)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "options.json.partial"
    partial.write_text(options.model_dump_json())
    partial.replace(folder / "options.json")
    return DaqRun(folder, options)


@contextlib.asynccontextmanager
async def sending(
    run: DaqRun,
    url: str,
    settings: HouseSettings,
    ended: Callable[[DaqRun], None] = lambda _: None,
) -> AsyncIterator[None]:
    """Have a child process send ``run`` from where it is; at the end of the block it is stopped.

    ``ended`` is called if the child ends before; the run is ``done`` if it ended well.
    """
    task = asyncio.create_task(_send(run, url, settings, ended))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _send(
    run: DaqRun, url: str, settings: HouseSettings, ended: Callable[[DaqRun], None]
) -> None:
    with (run.folder / "log").open("ab") as log:
        child = await asyncio.create_subprocess_exec(
            *command(run, url, settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        if await child.wait() == 0:
            (run.folder / "done").touch()
        ended(run)
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            await child.wait()


def command(run: DaqRun, url: str, settings: HouseSettings) -> list[str]:
    """Return the command line of the child: ``penstock daq`` with the run's options."""
    options = run.options
    return [
        *(sys.executable, "-m", "penstock", "daq"),
        *("--out", str(run.folder / "stf")),
        *("--position", str(run.folder / "position.json")),
        *("--run", str(options.run)),
        *("--stfs", str(options.stfs)),
        *("--seed", str(options.seed)),
        *("--speed", str(options.speed)),
        *("--namespace", options.namespace),
        *("--url", url),
        *("--secret-file", str(settings.secret_file("daq"))),
    ]


def _die_with_parent() -> None:
    """Have the kernel end this child when Penstock dies, however it dies (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        os._exit(1)
