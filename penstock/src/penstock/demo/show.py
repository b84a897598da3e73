"""How a demonstration looks at a terminal: bars while it goes, tables at its end."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from penstock.demo.result import DemoResult, DemoTask
from penstock.tables import SPD, Column, Fitting
from penstock_core.contracts.workflow import Task


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
    console.print(_datasets(result), _tasks(result))
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


def _datasets(result: DemoResult) -> Fitting:
    columns = (
        Column("name"),
        Column("state"),
        Column("#files", drop=1),
        Column("#bytes", drop=2),
        Column("closed because", drop=3, least=24),
    )
    rows = (
        (line.name, line.state, line.files, f"{line.bytes:,}", line.closed_because)
        for line in result.datasets
    )
    return Fitting(columns, rows, f"Datasets of run {result.run}")


def _tasks(result: DemoResult) -> Fitting:
    columns = (SPD[0], Column("step"), *SPD[1:])
    rows = ((task.task_id, task.step, *_rest(task)) for task in result.tasks)
    return Fitting(columns, rows, "Tasks")


def _rest(task: DemoTask) -> Iterable[object]:
    return task.model_dump(exclude={"task_id", "step"}).values()
