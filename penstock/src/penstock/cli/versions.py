"""``penstock template``: show one with its versions, roll it back, report on its shadow."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.tables import Column
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.workflow import ShadowReport, Template

Name = Annotated[str, typer.Argument(help="Name of the template, or a version's id.")]

VERSIONS = (
    Column("#id"),
    Column("#version"),
    Column("status"),
    Column("effective from", drop=1),
    Column("created", drop=3),
    Column("by", drop=2),
)
TAKEN = (
    Column("dataset", least=24),
    Column("in the shadow"),
    Column("taken by", drop=1),
    Column("#workflow", drop=2),
    Column("reason", drop=3, least=16),
)


class Shown(Frozen):
    """A template version, and all versions of its name."""

    template: Template
    versions: tuple[Template, ...]


def show_one(
    template: Name, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show a template: what it takes, how it catches up, and all its versions."""
    with connect(url, data_dir) as penstock:
        found = penstock.template(template)
        shown = Shown(template=found, versions=tuple(penstock.templates(name=found.name)))
    show(shown, as_json, lambda: _view(shown))


def rollback(
    template: Name, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Make the version ACTUAL again that was so before the one that is."""
    with connect(url, data_dir) as penstock:
        undone = penstock.actual(template)
        back = penstock.roll_back(undone.template_id)
    show(back, as_json, lambda: [_rolled_back(undone, back)])


def shadow(
    template: Name,
    after: Annotated[str, typer.Option(help="Begin after this uid; --json gives the next.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Datasets to list.")] = 20,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a version in the shadow would have taken, against the ACTUAL one."""
    with connect(url, data_dir) as penstock:
        report = penstock.shadow_report(template, after=after, limit=limit)
    show(report, as_json, lambda: _report_view(report))


def _view(shown: Shown) -> Iterator[RenderableType]:
    template = shown.template
    yield f"[bold]{escape(template.name)}[/] version {template.version}  {state(template.status)}"
    yield facts(_facts(template))
    for warning in template.warnings:
        yield f"[yellow]note[/] {escape(warning)}"
    yield table(VERSIONS, map(_version, shown.versions))


def _facts(template: Template) -> list[tuple[str, Any]]:
    outputs = " (outputs too)" if template.takes_outputs else ""
    late = f"{template.catch_up}, of what waited more than {template.catch_up_after_s:.0f} s"
    return [
        ("id", template.template_id),
        ("takes", ", ".join(template.masks) + outputs),
        *([("but for", ", ".join(template.exclude))] if template.exclude else []),
        *([("where", " and ".join(template.where))] if template.where else []),
        ("namespace", template.namespace),
        *((f"value {name}", value) for name, value in template.values.items()),
        ("effective from", template.effective_from),
        ("catches up", late),
    ]


def _version(template: Template) -> Sequence[Any]:
    head = (template.template_id, template.version, coloured(template.status))
    return (*head, template.effective_from, template.created_at, template.created_by)


def _rolled_back(undone: Template, back: Template) -> str:
    return (
        f"[bold]{escape(back.name)}[/] version {back.version} is {state(back.status)} again, in "
        f"place of version {undone.version}. What that took stays; see penstock workflow rerun."
    )


def _report_view(report: ShadowReport) -> Iterator[RenderableType]:
    yield f"Since {report.since:%Y-%m-%d %H:%M} it would have made, of each dataset that it takes:"
    yield f"  {escape(' → '.join(report.tasks))}"
    if report.rows:
        yield table(TAKEN, ((*_taken(row), row.reason) for row in report.rows))
    yield (
        f"{report.both} taken by both, [bold]{report.shadow_only}[/] by it alone, "
        f"[bold]{report.actual_only}[/] by the other version alone."
    )


def _taken(row: Any) -> Sequence[Any]:
    by = f"version {row.actual_id}" if row.actual_id is not None else ""
    return (row.dataset, coloured(row.shadow), by, row.workflow_id)
