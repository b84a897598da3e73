"""``penstock explain``: why a template took a dataset, or did not."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show
from penstock_core.contracts.workflow import ExplainedMatch

Dataset = Annotated[str, typer.Argument(help="Name or uid of the dataset.")]
Template = Annotated[str, typer.Argument(help="Name or id of the template.")]
Namespace = Annotated[str, typer.Option("--namespace", help="Namespace of the dataset.")]


def explain(
    dataset: Dataset,
    template: Template,
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell why a template took a dataset, or did not."""
    with connect(url, data_dir) as penstock:
        found = penstock.explain(dataset, template, namespace)
    show(found, as_json, lambda: _view(dataset, found))


def _view(dataset: str, found: ExplainedMatch) -> Iterator[RenderableType]:
    verb = "[green]takes[/]" if found.matched else "[yellow]does not take[/]"
    yield f"[bold]{escape(found.template)}[/] {verb} [bold]{escape(dataset)}[/]"
    yield facts([("decided by", found.clause), ("because", found.reason)])
