"""How a demonstration looks at a terminal: bars while it goes, tables at its end."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from penstock.demo.result import DemoResult
from penstock_core.contracts.workflow import Task

WIDTH = 132


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
        line = f"{label}: {done} of {of}, {state}"
        if self._said.get(label) != line:
            self._said[label] = line
            self._console.print(line, highlight=False)


def show(console: Console, result: DemoResult) -> None:
    """Print the result: datasets and why each closed, tasks as SPD's table, figures, addresses."""
    wide = Console(file=console.file, width=max(console.width, WIDTH))
    wide.print(_datasets(result), _tasks(result))
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
        console.print(f"[bold red]not right:[/bold red] {problem}")


def _datasets(result: DemoResult) -> Table:
    table = Table(title=f"Datasets of run {result.run}", title_justify="left")
    for column, justify in (("name", "left"), ("state", "left"), ("files", "right")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("bytes", justify="right")
    table.add_column("closed because", overflow="fold")
    for line in result.datasets:
        table.add_row(
            line.name, line.state, str(line.files), f"{line.bytes:,}", line.closed_because
        )
    return table


def _tasks(result: DemoResult) -> Table:
    table = Table(title="Tasks", title_justify="left")
    rows = [task.model_dump() for task in result.tasks]
    for column in rows[0] if rows else ():
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table
