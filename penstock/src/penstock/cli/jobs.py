"""``penstock jobs``: list, hold, release."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, show, table
from penstock.client import Penstock
from penstock.tables import Column
from penstock_core.contracts.workflow import JobReport
from penstock_core.errors import NotFound, ServiceUnavailable

COLUMNS = (
    Column("#task"),
    Column("#job"),
    Column("state"),
    Column("#attempts", drop=2),
    Column("started", drop=1),
    Column("host", drop=4),
    Column("remark", drop=3, least=16),
)


def list_all(url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the jobs that have not ended yet."""
    with connect(url, data_dir) as penstock:
        jobs, held = penstock.live_jobs(), penstock.jobs_held()
    show(jobs, as_json, lambda: (*([_held(data_dir)] if held else []), *_view(jobs)))


def hold(url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Start no job until they are released; those that run go on."""
    with connect(url, data_dir) as penstock:
        held = penstock.hold_jobs()
    show({"held": held}, as_json, lambda: [_held(data_dir)])


def release(url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let jobs start again."""
    with connect(url, data_dir) as penstock:
        held = penstock.hold_jobs(False)
    show({"held": held}, as_json, lambda: ["Jobs start again."])


def held_line(penstock: Penstock, data_dir: Path | None) -> tuple[str, ...]:
    """Return the line that says that jobs are held back; none if not, or if nobody knows."""
    try:
        return (_held(data_dir),) if penstock.jobs_held() else ()
    except (NotFound, ServiceUnavailable):
        return ()


def _held(data_dir: Path | None) -> str:
    where = "" if data_dir is None else f" --data-dir {escape(str(data_dir))}"
    return f"[yellow]Jobs are held back.[/] Release them with: penstock jobs release{where}"


def _view(jobs: Sequence[JobReport]) -> Iterator[RenderableType]:
    if not jobs:
        yield "No job that has not ended."
        return
    yield table(COLUMNS, (_row(job) for job in jobs))


def _row(job: JobReport) -> tuple[object, ...]:
    head = (job.task_id, job.index, coloured(job.state), job.attempts)
    return (*head, job.started_at, job.host, job.reason)
