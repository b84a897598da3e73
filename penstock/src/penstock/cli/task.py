"""``penstock task``: list, submit."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import typer
from rich.console import RenderableType

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.jobs import held_line
from penstock.cli.output import AsJson, coloured, show, table
from penstock.tables import SPD, Column, Markup
from penstock_core.contracts.workflow import SpdTask, Task
from penstock_core.states import TaskStatus

Rank = Annotated[int, typer.Option(min=1, help="A higher rank runs first.")]

Device = Annotated[
    Literal["CPU", "GPU"], typer.Option(case_sensitive=False, help="Where the jobs run.")
]
Mode = Annotated[
    Literal["map", "merge"],
    typer.Option(case_sensitive=False, help="map: a job a file. merge: one job."),
]

MORE = (Column("step"), Column("progress", drop=1), Column("remark", drop=2, least=16))
_BAR = 12


def list_all(
    status: Annotated[
        TaskStatus | None, typer.Option(case_sensitive=False, help="Only tasks in this state.")
    ] = None,
    workflow: Annotated[int | None, typer.Option(help="Only tasks of this workflow.")] = None,
    dataset: Annotated[str, typer.Option(help="Only tasks that read this dataset.")] = "",
    namespace: Annotated[str, typer.Option(help="Only tasks of this namespace.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List tasks with SPD's columns, their progress and what they wait for."""
    with connect(url, data_dir) as penstock:
        tasks = penstock.tasks(
            status=status or "", workflow=workflow, dataset=dataset, namespace=namespace
        )
        held = () if as_json else held_line(penstock, data_dir)
    show(tasks, as_json, lambda: (*held, *_list_view(tasks)))


def submit(
    exec: Annotated[str, typer.Argument(metavar="EXEC", help="A name of the server's allow-list.")],
    dataset: Annotated[str, typer.Argument(help="Name of the dataset to read.")],
    args: Annotated[str, typer.Option(help="Arguments; split, never given to a shell.")] = "",
    rank: Rank = 1,
    retry: Annotated[int, typer.Option(min=0, max=100, help="Attempts after the first.")] = 2,
    device: Device = "CPU",
    mode: Mode = "map",
    namespace: Annotated[str, typer.Option(help="Namespace of the dataset.")] = "default",
    key: Annotated[str, typer.Option(help="With the same key a repeat is the same task.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Submit one task over a dataset."""
    with connect(url, data_dir) as penstock:
        task = penstock.submit(
            exec,
            dataset,
            args=args,
            rank=rank,
            retry=retry,
            device=device,
            mode=mode,
            namespace=namespace,
            idempotency_key=key,
        )
    show(task, as_json, lambda: [_spd_table([task])])


def _list_view(tasks: Sequence[Task]) -> Iterator[RenderableType]:
    if not tasks:
        yield "No task."
        return
    extra = [(task.step, progress(task), _remark(task)) for task in tasks]
    yield _spd_table(tasks, MORE, extra)


def _spd_table(
    tasks: Sequence[SpdTask], more: Sequence[Column] = (), extra: Sequence[Sequence[str]] = ((),)
) -> RenderableType:
    rows = (
        (*task.model_dump(include=set(SpdTask.model_fields) - {"status"}).values(), *last)
        for task, last in (
            (task, (coloured(task.status), *extra[n])) for n, task in enumerate(tasks)
        )
    )
    return table((*SPD, *more), rows)


def progress(task: Task) -> Markup:
    """Return a bar of a task's jobs: finished, failed, running, to come."""
    if not task.jobs:
        return Markup("-")
    parts = ((task.finished, "green"), (task.failed, "red"), (task.running, "cyan"))
    bar = ""
    drawn = done = 0
    for count, colour in parts:
        done += count
        cells = round(_BAR * done / task.jobs) - drawn
        bar += f"[{colour}]{'━' * cells}[/]"
        drawn += cells
    bar += f"[bright_black]{'━' * (_BAR - drawn)}[/]"
    return Markup(f"{bar} {task.finished}/{task.jobs}")


def _remark(task: Task) -> str:
    paused = ["paused"] if task.paused else []
    waits = [f"waits for {', '.join(task.waits_for)}"] if task.waits_for else []
    lost = [f"{task.loss_accepted_by} accepted the loss"] if task.loss_accepted_by else []
    lacking = ["on incomplete input"] if task.input_incomplete else []
    why = [task.reason] if task.reason else []
    return "; ".join([*paused, *lost, *why, *waits, *lacking])
