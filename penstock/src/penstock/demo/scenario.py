"""The course of a demonstration: upload what is missing, take a run, watch it to its end."""

import asyncio
import sys
import time
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from penstock.daq_runs import DaqRun, RunOptions, daq_runs, new_run, sending
from penstock.demo.result import DemoResult, Gatherer
from penstock.demo.show import Bars, show
from penstock.demo.watching import Watch
from penstock.house import OpenHouse
from penstock.loops import until
from penstock.saying import Speaker
from penstock.serve import signalled
from penstock.template_file import read_template
from penstock.up import OPERATOR, standing
from penstock_core.clients.house import HouseClients
from penstock_core.contracts.workflow import NewTemplate
from penstock_core.errors import Duplicate, InvalidInput

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
    time_limit_s: float = TIME_LIMIT_S


async def demonstrate(options: DemoOptions, speaker: Speaker) -> int:
    """Run the demonstration; return the exit status: 0 if all finished and every count is right.

    Raises
    ------
    InvalidInput
        the folder of templates holds none, or one that cannot be read; nothing is started then.
    """
    templates = read_templates(options.templates)
    began = time.monotonic()
    stop = signalled()
    async with standing(options.data_dir, *options.ports, speaker=speaker) as (house, url):
        course = _course(house, url, options, templates, speaker, began)
        result = await _unless(stop, house, course)
        if result is None:
            speaker.stopped()
            return 130
        if options.as_json:
            sys.stdout.write(result.model_dump_json(indent=2) + "\n")
            sys.stdout.flush()
        show(speaker.console, result)
        speaker.again(options.stay)
        if options.stay:
            await until(stop, house.stopped)
    return 0 if result.ok else 1


def read_templates(folder: Path) -> tuple[NewTemplate, ...]:
    """Return the templates of a folder and of those right below; raises ``InvalidInput``."""
    files = sorted([*folder.glob("*template.yaml"), *folder.glob("*/*template.yaml")])
    if not files:
        wrong = "holds no template.yaml" if folder.is_dir() else "is no folder"
        raise InvalidInput(
            f"{folder} {wrong}.",
            hint="--templates names a folder with a template.yaml, or with folders that have one.",
            field="templates",
        )
    return tuple(read_template(file) for file in files)


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
    house: OpenHouse,
    url: str,
    options: DemoOptions,
    templates: Sequence[NewTemplate],
    speaker: Speaker,
    began: float,
) -> DemoResult:
    async with HouseClients(house.house, OPERATOR) as clients, AsyncExitStack() as stack:
        await asyncio.gather(*(_upload(clients, one, speaker.console) for one in templates))
        run = _not_shown(options.data_dir)
        if run is None:
            run = _next_run(options)
            await stack.enter_async_context(sending(run, url, house.house.settings, speaker.sent))
        gatherer = Gatherer(clients.dsm, clients.data_access, f"swf.{run.number}.run")
        problem = await _watch(gatherer, run, house, options, speaker.console)
        return await gatherer.gather(run.number, time.monotonic() - began, url, problem)


async def _upload(clients: HouseClients, template: NewTemplate, console: Console) -> None:
    try:
        made = await clients.data_access.create_template(template)
        console.print(f"Template {made.name} takes {', '.join(made.masks)}", highlight=False)
    except Duplicate:
        console.print(f"Template {template.name} is there", highlight=False)


def _not_shown(data_dir: Path) -> DaqRun | None:
    """Return the first run whose result nobody has seen; where it is unsent, it is being sent."""
    unseen = (run for run in daq_runs(data_dir) if not (run.folder / "shown").exists())
    return next(unseen, None)


def _next_run(options: DemoOptions) -> DaqRun:
    runs = daq_runs(options.data_dir)
    number = max((run.number + 1 for run in runs), default=FIRST_RUN)
    return new_run(
        options.data_dir,
        RunOptions(run=number, speed=options.speed, seed=number, stfs=options.stfs),
    )


async def _watch(
    gatherer: Gatherer, run: DaqRun, house: OpenHouse, options: DemoOptions, console: Console
) -> str:
    """Show progress until everything of the run is final; return what prevented that, or ""."""
    # A template that takes the run does so by the generator's next look; two are for certain.
    patience_s = 2 * house.house.settings.reconcile_every_s
    watch = Watch(time.monotonic(), options.time_limit_s, patience_s)
    with Bars(console) as bars:
        while True:
            datasets, tasks = await gatherer.datasets(), await gatherer.tasks()
            for dataset in datasets[:1]:
                bars.run(dataset.name, dataset.files, run.options.stfs, dataset.state)
            for task in tasks:
                bars.task(task)
            verdict = watch.look(datasets, tasks, time.monotonic())
            if verdict.shown:
                (run.folder / "shown").touch()
            if verdict.over:
                return verdict.problem
            await asyncio.sleep(LOOK_EVERY_S)
