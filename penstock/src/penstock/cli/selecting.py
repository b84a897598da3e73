"""How commands choose tasks, by their ids or by what they have in common, and are run on them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from penstock.cli.connection import DataDir, Url
from penstock.cli.output import AsJson
from penstock_core.contracts.workflow import Selection
from penstock_core.states import TaskStatus


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which tasks a command is for, and how it is run."""

    selection: Selection
    yes: bool
    dry_run: bool
    url: str
    data_dir: Path | None
    as_json: bool


def on_selection(command: Callable[..., None]) -> Callable[..., None]:
    """Return ``command``, whose first argument is a :class:`Chosen`, with the options of one."""

    @wraps(command)
    def with_options(**given: Any) -> None:
        chosen = _options(**{name: given.pop(name) for name in common})
        command(chosen, **given)

    common = inspect.signature(_options).parameters
    own = list(inspect.signature(command).parameters.values())[1:]
    first = [p for p in common.values() if p.name not in _LAST]
    last = [p for p in common.values() if p.name in _LAST]
    # typer reads both of these.
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in (*first, *own, *last)]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options


_LAST = ("yes", "dry_run", "url", "data_dir", "as_json")


def _options(
    tasks: Annotated[
        list[int] | None,
        typer.Argument(metavar="TASK", min=1, help="Ids of tasks.", show_default=False),
    ] = None,
    workflow: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Tasks of this workflow; may be repeated.", show_default=False),
    ] = None,
    run: Annotated[str, typer.Option(help="Tasks of this run.")] = "",
    status: Annotated[
        TaskStatus | None, typer.Option(case_sensitive=False, help="Only tasks in this state.")
    ] = None,
    template: Annotated[
        str, typer.Option(help="Tasks of this template: its name, or a version's id.")
    ] = "",
    dataset: Annotated[
        str, typer.Option(help="Tasks whose input, or whose chain, is over such: a glob.")
    ] = "",
    namespace: Annotated[str, typer.Option(help="Only tasks of this namespace.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what it would do, and end.")
    ] = False,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> Chosen:
    selection = Selection(
        tasks=tuple(tasks or ()),
        workflows=tuple(workflow or ()),
        run=run,
        status=status,
        template=template,
        dataset=dataset,
        namespace=namespace,
    )
    if selection.is_empty:
        raise typer.BadParameter(
            "Which tasks? Name them by their ids, or select them by --workflow, --run, --status, "
            "--template, --dataset or --namespace."
        )
    return Chosen(selection, yes, dry_run, url, data_dir, as_json)
