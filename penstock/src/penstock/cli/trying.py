"""``penstock template test``: a template's chain over files at hand, without a running Penstock."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from penstock.cli.output import AsJson, coloured, facts, show, table
from penstock.local_template import read_local
from penstock.tables import Column
from penstock.trial import Tried, dataset_name, try_template
from penstock_core.contracts.workflow import JobReport, NewTemplate, Task
from penstock_core.errors import InvalidInput

COLUMNS = (Column("step"), Column("status"), Column("#jobs"), Column("#failed"), Column("#files"))
_FAILED_SHOWN = 3
_ALONE = "test"


def try_out(
    file: Annotated[Path, typer.Argument(help="template.yaml, .cwl, SPD's .json, a .zip.")],
    input: Annotated[
        list[Path], typer.Option("--input", help="A file of the dataset; several are several.")
    ],
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=YAML", help="Value of another input, before the template's."),
    ] = None,
    dataset: Annotated[str, typer.Option(help="Name of the dataset; made up from the mask.")] = "",
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Metadata of the dataset.")
    ] = None,
    output_folder: Annotated[Path, typer.Option(help="Where what is made goes.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Run a template over files here: the same compiler and jobs, no running Penstock needed."""
    template = read_local(file)
    if not template.masks:
        template = template.model_copy(update={"masks": (dataset or _ALONE,)})
    own = {name: yaml.safe_load(text) for name, text in _pairs(value, "--value")}
    template = template.model_copy(update={"values": template.values | own})
    tried = _run(template, input, dataset, dict(_pairs(meta, "--meta")), output_folder)
    show(tried, as_json, lambda: _view(template, tried, output_folder))
    if not all(one.good for one in tried):
        raise typer.Exit(1)


def _pairs(texts: list[str] | None, option: str) -> Iterator[tuple[str, str]]:
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign:
            raise InvalidInput(f"{option} {text!r} has no =.", hint=f"Write {option} NAME=VALUE.")
        yield name, value


def _run(
    template: NewTemplate, files: Sequence[Path], dataset: str, meta: dict[str, str], folder: Path
) -> tuple[Tried, ...]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        bars: dict[str, Any] = {}

        def tell(tasks: Sequence[Task]) -> None:
            for task in tasks:
                if task.step not in bars:
                    bars[task.step] = progress.add_task(task.step, total=None)
                ended = task.finished + task.failed
                progress.update(bars[task.step], total=task.jobs or None, completed=ended)

        name = dataset or dataset_name(template)
        return asyncio.run(try_template(template, files, name, meta, folder, tell))


def _view(template: NewTemplate, tried: Sequence[Tried], folder: Path) -> Iterator[RenderableType]:
    rows = (
        (one.task.step, coloured(one.task.status), one.task.jobs, one.task.failed, len(one.made))
        for one in tried
    )
    yield table(COLUMNS, rows)
    for one in tried:
        for job in one.failed[:_FAILED_SHOWN]:
            yield from _failure(one.task, job)
        if not one.failed and not one.good:
            told = one.task.reason or f"waits for {', '.join(one.task.waits_for)}"
            yield f"[bold]{escape(one.task.step)}[/]: {escape(told)}"
    if template.values:
        shown = ", ".join(f"{name} = {value!r}" for name, value in template.values.items())
        yield facts([("values", shown)])
    yield facts([("made", f"{sum(len(one.made) for one in tried)} files in {folder}")])


def _failure(task: Task, job: JobReport) -> Iterator[RenderableType]:
    yield f"[bold red]{escape(task.step)}, job {job.index}:[/] {escape(job.reason)}"
    pairs = [("inputs", ", ".join(job.inputs)), ("command", job.command)]
    pairs.append(("log", job.log_tail.strip()))
    yield facts([(name, text) for name, text in pairs if text])
