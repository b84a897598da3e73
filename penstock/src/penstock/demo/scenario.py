"""The course of a demonstration: upload what is missing, take a run, watch it to its end."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from penstock.daq_runs import DaqRun, RunOptions, daq_runs, new_run, sending
from penstock.demo.result import DemoResult, Gatherer
from penstock.demo.show import Bars, show
from penstock.house import OpenHouse
from penstock.serve import signalled
from penstock.template_file import read_template
from penstock.up import say_where, standing, until
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.workflow import Task
from penstock_core.errors import Duplicate
from penstock_core.states import FINAL_TASKS, DatasetState

OPERATOR = "operator"
FIRST_RUN = 101983
TIME_LIMIT_S = 600
LOOK_EVERY_S = 0.25


@dataclass(frozen=True)
class DemoOptions:
    """What a demonstration may be told.

    ``ports`` are tried in their order; ``speed`` is simulated seconds a second of the wall.
    """

    data_dir: Path
    templates: Path
    ports: tuple[int, ...]
    speed: float
    stfs: int
    stay: bool
    as_json: bool


async def demonstrate(options: DemoOptions) -> int:
    """Run the demonstration; return the exit status: 0 if all finished and every count is right."""
    console = Console(stderr=options.as_json)
    began = time.monotonic()
    stop = signalled()
    async with standing(options.data_dir, *options.ports) as (house, url):
        say_where(console, house, url, options.data_dir)
        result = await _unless(stop, house, _course(house, url, options, console, began))
        if result is None:
            console.print("Stopped; `penstock up` or another demo goes on from here.")
            return 130
        if options.as_json:
            sys.stdout.write(result.model_dump_json(indent=2) + "\n")
            sys.stdout.flush()
        show(console, result)
        if options.stay:
            console.print(f"Look around at [bold]{url}/ui/[/bold]; Ctrl-C ends.")
            await until(stop, house.stopped)
    return 0 if result.ok else 1


async def _unless(
    stop: asyncio.Event, house: OpenHouse, course: Coroutine[Any, Any, DemoResult]
) -> DemoResult | None:
    """Return the result of ``course``, or ``None`` if ``stop`` came first."""
    running = asyncio.ensure_future(course)
    ended = asyncio.create_task(until(stop, house.stopped))
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ended.cancel()
        return running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ended.result()
    return None


async def _course(
    house: OpenHouse, url: str, options: DemoOptions, console: Console, began: float
) -> DemoResult:
    async with HouseClients(house.house, OPERATOR) as clients:
        files = sorted(options.templates.glob("*/*template.yaml"))
        await asyncio.gather(*(_upload(clients, file, console) for file in files))
        run = _run_to_take(options)
        gatherer = Gatherer(clients.dsm, clients.data_access, f"swf.{run.number}.run")
        async with sending(run, url, house.house.settings):
            await _watch(gatherer, run, console)
        return await gatherer.gather(run.number, time.monotonic() - began, url)


async def _upload(clients: HouseClients, file: Path, console: Console) -> None:
    template = read_template(file)
    try:
        made = await clients.data_access.create_template(template)
        console.print(f"Template {made.name} takes {', '.join(made.masks)}", highlight=False)
    except Duplicate:
        console.print(f"Template {template.name} is there", highlight=False)


def _run_to_take(options: DemoOptions) -> DaqRun:
    """Return the unfinished run, if there is one, else a new one with the next number."""
    runs = daq_runs(options.data_dir)
    for run in runs:
        if not (run.folder / "shown").exists():
            return run
    number = max((run.number + 1 for run in runs), default=FIRST_RUN)
    return new_run(
        options.data_dir,
        RunOptions(run=number, speed=options.speed, seed=number, stfs=options.stfs),
    )


async def _watch(gatherer: Gatherer, run: DaqRun, console: Console) -> None:
    """Show progress until everything of the run is final, or the time is up."""
    deadline = time.monotonic() + TIME_LIMIT_S
    with Bars(console) as bars:
        while time.monotonic() < deadline:
            datasets, tasks = await gatherer.datasets(), await gatherer.tasks()
            for dataset in datasets[:1]:
                bars.run(dataset.name, dataset.files, run.options.stfs, dataset.state)
            for task in tasks:
                bars.task(task)
            if _all_final(tasks) and all(d.state != DatasetState.OPEN for d in datasets):
                (run.folder / "shown").touch()
                return
            await asyncio.sleep(LOOK_EVERY_S)


def _all_final(tasks: tuple[Task, ...]) -> bool:
    return bool(tasks) and all(task.status in FINAL_TASKS for task in tasks)
