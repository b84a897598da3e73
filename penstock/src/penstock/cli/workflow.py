"""``penstock workflow``: list, show, rerun."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.cli.task import progress
from penstock.tables import Column
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.workflow import Task, WorkflowRow

WorkflowId = Annotated[int, typer.Argument(min=1, help="The workflow's id.")]

COLUMNS = (
    Column("#workflow"),
    Column("template"),
    Column("#version"),
    Column("dataset", least=20),
    Column("#try", drop=2),
    Column("status"),
    Column("created", drop=3),
    Column("by", drop=1),
)
TASKS = (
    Column("#task"),
    Column("step"),
    Column("mode", drop=2),
    Column("status"),
    Column("progress", drop=1),
    Column("output", drop=3, least=20),
)


class Shown(Frozen):
    """A workflow and its tasks."""

    workflow: WorkflowRow
    tasks: tuple[Task, ...]


def list_all(
    template: Annotated[str, typer.Option(help="Only of this name, or version's id.")] = "",
    dataset: Annotated[str, typer.Option(help="Only over this dataset.")] = "",
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List workflows: a template version on a dataset each."""
    with connect(url, data_dir) as penstock:
        found = penstock.workflows(template=template, dataset=dataset, namespace=namespace)
    show(found, as_json, lambda: _list_view(found))


def show_one(
    workflow_id: WorkflowId, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show a workflow: what it came from, who asked for it, and its tasks."""
    with connect(url, data_dir) as penstock:
        shown = Shown(
            workflow=penstock.workflow(workflow_id),
            tasks=tuple(penstock.tasks(workflow=workflow_id)),
        )
    show(shown, as_json, lambda: _view(shown))


def rerun(
    workflow_id: WorkflowId,
    version: Annotated[
        Literal["same", "newest"],
        typer.Option(help="By the same version of the template, or the one that is ACTUAL."),
    ] = "same",
    because: Annotated[str, typer.Option(help="Why; the new workflow keeps it.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a workflow's whole chain again, beside the old one, which is left alone."""
    with connect(url, data_dir) as penstock:
        made = penstock.rerun(workflow_id, version=version, because=because)
        shown = Shown(workflow=made, tasks=tuple(penstock.tasks(workflow=made.workflow_id)))
    show(shown, as_json, lambda: _view(shown))


def _list_view(found: Sequence[WorkflowRow]) -> Iterator[RenderableType]:
    if not found:
        yield "No workflow."
        return
    yield table(COLUMNS, map(_row, found))


def _row(one: WorkflowRow) -> tuple[Any, ...]:
    head = (one.workflow_id, one.template, one.version, one.dataset, one.rerun)
    return (*head, coloured(one.status), one.created_at, one.created_by)


def _view(shown: Shown) -> Iterator[RenderableType]:
    one = shown.workflow
    yield f"[bold]Workflow {one.workflow_id}[/]  {state(one.status)}"
    which = f"{one.template} version {one.version}" if one.template else "a single task"
    yield facts(
        [
            ("template", which),
            ("dataset", one.dataset),
            ("namespace", one.namespace),
            *([("try", one.rerun)] if one.rerun else []),
            ("created", one.created_at),
            ("asked for by", one.created_by or escape("its mask")),
            *([("because", one.because)] if one.because else []),
        ]
    )
    yield table(TASKS, map(_task, shown.tasks))


def _task(task: Task) -> tuple[Any, ...]:
    head = (task.task_id, task.step, task.mode, coloured(task.status))
    return (*head, progress(task), task.output_name)
