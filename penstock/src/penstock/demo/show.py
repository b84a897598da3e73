"""How a demonstration looks at a terminal: bars while it goes, tables at its end."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from penstock.demo.result import DatasetLine, DemoResult, DemoTask
from penstock.tables import SPD, Column, Fitting, Markup
from penstock_core.contracts.workflow import Task

WIDE = 120
NAME = 40


class Bars:
    """A bar for the run and one for each task; on a dumb terminal, a line at each change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]:<11}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bars: dict[str, int] = {}
        self._said: dict[str, str] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def run(self, name: str, registered: int, expected: int, state: str) -> None:
        """Show how many STFs of the run are here."""
        self._show(f"run {name}", registered, expected, state)

    def task(self, task: Task) -> None:
        """Show how many jobs of a task are done."""
        label = f"task {task.task_id} {task.step}"
        self._show(label, task.finished + task.failed, task.jobs, task.status)

    def _show(self, label: str, done: int, of: int, state: str) -> None:
        if not self._console.is_terminal:
            self._say(label, done, of, state)
            return
        if label not in self._bars:
            self._bars[label] = self._progress.add_task(label, total=of or None, state=state)
        bar = self._progress.tasks[self._bars[label]]
        self._progress.update(bar.id, completed=done, total=of or None, state=state)

    def _say(self, label: str, done: int, of: int, state: str) -> None:
        line = f"{label}: {done} of {of or '?'}, {state}"
        if self._said.get(label) != line:
            self._said[label] = line
            self._console.print(line, highlight=False, soft_wrap=True)


def show(console: Console, result: DemoResult) -> None:
    """Print the result: datasets and why each closed, tasks as SPD's table, figures, addresses."""
    console.print(_datasets(result, console.width), _tasks(result))
    console.print(
        f"Events in {result.events_in}, decoded {result.events_decoded}, "
        f"dimuon candidates {result.candidates}, Z peak at {result.z_peak_gev:.2f} GeV"
    )
    console.print(
        f"Wall time {result.wall_s:.1f} s; "
        f"from the last STF to the final result {result.latency_s:.2f} s"
    )
    console.print(f"Plot: {result.plot}", soft_wrap=True, highlight=False)
    for problem in result.problems:
        console.print(f"[bold red]not right:[/bold red] {escape(problem)}", soft_wrap=True)


def _datasets(result: DemoResult, width: int) -> Fitting:
    """Return the datasets; where there is no room for a column of reasons, each below its name."""
    title = f"Datasets of run {result.run}"
    columns = (
        Column("name", least=NAME),
        Column("state"),
        Column("#files", drop=1),
        Column("#bytes", drop=2),
    )
    facts = [(line.state, line.files, f"{line.bytes:,}") for line in result.datasets]
    lines = zip(result.datasets, facts, strict=True)
    if width >= WIDE:
        wide = [(line.name, *fact, line.closed_because) for line, fact in lines]
        return Fitting((*columns, Column("closed because", drop=3, least=24)), wide, title)
    narrow = [(_name_and_why(line), *fact) for line, fact in lines]
    return Fitting(columns, narrow, title)


def _name_and_why(line: DatasetLine) -> Markup:
    return Markup(f"{escape(line.name)}\n[dim]{escape(line.closed_because)}[/dim]")


def _tasks(result: DemoResult) -> Fitting:
    columns = (SPD[0], Column("step", drop=13), *SPD[1:])
    rows = ((task.task_id, task.step, *_rest(task)) for task in result.tasks)
    return Fitting(columns, rows, "Tasks")


def _rest(task: DemoTask) -> Iterable[object]:
    return task.model_dump(exclude={"task_id", "step"}).values()
