"""``penstock explain``: why a template took a dataset, or did not; why a dataset is open."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.closing import Closing, closing_view, read_closing
from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show, state
from penstock_core.contracts.workflow import ExplainedMatch

Dataset = Annotated[str, typer.Argument(help="Name or uid of the dataset.")]
Template = Annotated[
    str, typer.Argument(help="Name or id of the template; without one, why it is open or closed.")
]
Namespace = Annotated[str, typer.Option("--namespace", help="Namespace of the dataset.")]


def explain(
    dataset: Dataset,
    template: Template = "",
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell why a template took a dataset, or did not; or when a dataset closes, and by what."""
    with connect(url, data_dir) as penstock:
        if template:
            found = penstock.explain(dataset, template, namespace)
            show(found, as_json, lambda: _view(dataset, found))
        else:
            closing = read_closing(penstock, penstock.dataset(dataset, namespace))
            show(closing, as_json, lambda: _closing(closing))


def _view(dataset: str, found: ExplainedMatch) -> Iterator[RenderableType]:
    verb = "[green]takes[/]" if found.matched else "[yellow]does not take[/]"
    yield f"[bold]{escape(found.template)}[/] {verb} [bold]{escape(dataset)}[/]"
    yield facts([("decided by", found.clause), ("because", found.reason)])
    yield from (escape(wait) for wait in found.waits)


def _closing(closing: Closing) -> Iterator[RenderableType]:
    dataset = closing.dataset
    yield f"[bold]{escape(dataset.name)}[/] {state(dataset.state)}: {escape(closing.why)}"
    yield from closing_view(closing)
