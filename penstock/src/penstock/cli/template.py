"""``penstock template``: check, plan, upload, list."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli import planning
from penstock.cli.checking import Checked, check_files
from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.client import Penstock
from penstock.local_template import is_local, read_local
from penstock.tables import Column
from penstock_core.contracts.workflow import DatasetRef, Template
from penstock_core.errors import InvalidInput, NotFound
from penstock_core.states import TemplateStatus

Masks = Annotated[
    list[str] | None,
    typer.Option("--mask", help="Name mask, in place of the file's; may be given several times."),
]

COLUMNS = (
    Column("#id"),
    Column("name"),
    Column("#version"),
    Column("status"),
    Column("masks", drop=1, least=12),
    Column("namespace", drop=3),
    Column("created", drop=4),
    Column("by", drop=2),
)


def check(
    files: Annotated[list[Path], typer.Argument(help="template.yaml, .cwl, SPD's .json, a .zip.")],
    mask: Masks = None,
    as_json: AsJson = False,
) -> None:
    """Compile templates here, with no running Penstock, and say what is wrong and where."""
    checked = check_files(files, tuple(mask or ()))
    show(checked, as_json, lambda: (part for one in checked for part in _checked_view(one)))
    if not all(one.ok for one in checked):
        raise typer.Exit(1)


def plan(
    template: Annotated[
        str, typer.Argument(help="A template's file, or a stored one's name or id.")
    ],
    dataset: Annotated[str, typer.Argument(help="Name of a dataset, which need not exist.")],
    mask: Masks = None,
    meta: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Metadata of a dataset that does not exist."),
    ] = None,
    namespace: Annotated[str, typer.Option(help="Namespace of the dataset.")] = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print the chain that a template would make of a dataset; nothing is made."""
    imagined = planning.imagined(dataset, namespace, _metadata(meta or ()))
    if is_local(template):
        found = planning.plan_local(Path(template), tuple(mask or ()), imagined)
    else:
        with connect(url, data_dir) as penstock:
            found = _plan_stored(penstock, template, imagined)
    show(found.workflow, as_json, lambda: planning.view(dataset, found))


def upload(
    file: Annotated[Path, typer.Argument(help="template.yaml, .cwl, SPD's .json, a .zip.")],
    name: Annotated[str, typer.Option(help="Name, in place of the file's.")] = "",
    mask: Masks = None,
    status: Annotated[
        TemplateStatus | None,
        typer.Option(case_sensitive=False, help="State to begin in, in place of the file's."),
    ] = None,
    effective_from: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="Take datasets registered from then on (UTC), in place of from now on.",
        ),
    ] = None,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Store a template; from now on it takes the datasets that its masks fit."""
    new = read_local(file, name, tuple(mask or ()))
    if not new.masks:
        raise InvalidInput(f"{file} has no mask.", hint="Give one with --mask.")
    if status is not None:
        new = new.model_copy(update={"status": status})
    if effective_from is not None:
        since = effective_from.replace(tzinfo=UTC)
        new = new.model_copy(update={"effective_from": since})
    with connect(url, data_dir) as penstock:
        template = penstock.upload(new)
    show(template, as_json, lambda: _stored_view(template))


def list_all(
    status: Annotated[
        TemplateStatus | None, typer.Option(case_sensitive=False, help="Only in this state.")
    ] = None,
    name: Annotated[str, typer.Option(help="Only of this name.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List template versions."""
    with connect(url, data_dir) as penstock:
        templates = penstock.templates(status=status or "", name=name)
    show(templates, as_json, lambda: _list_view(templates))


def _plan_stored(penstock: Penstock, template: str, imagined: DatasetRef) -> planning.Planned:
    """Plan with the dataset's own metadata where it exists."""
    try:
        dataset = penstock.dataset(imagined.name, imagined.namespace)
    except NotFound:
        return planning.plan_stored(penstock, template, imagined)
    known = {"uid": dataset.uid, "scope": dataset.scope, "name": dataset.name}
    metadata = {**dataset.metadata, **imagined.metadata}
    real = imagined.model_copy(update={**known, "metadata": metadata})
    return planning.plan_stored(penstock, template, real)


def _metadata(pairs: Sequence[str]) -> dict[str, Any]:
    metadata = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not KEY=VALUE.", param_hint="--meta")
        metadata[key] = yaml.safe_load(value)
    return metadata


def _checked_view(checked: Checked) -> Iterator[RenderableType]:
    if checked.ok:
        yield f"[green]good[/]  {escape(checked.file)}: {escape(' → '.join(checked.steps))}"
    for fault in checked.faults:
        yield f"[bold red]wrong[/] {escape(str(fault))}"
        if fault.hint:
            yield f"      {escape(fault.hint)}"
    for note in checked.notes:
        yield f"      {escape(note)}"
    for warning in checked.warnings:
        yield f"[yellow]note[/]  {escape(warning)}"


def _stored_view(template: Template) -> Iterator[RenderableType]:
    yield f"[bold]{escape(template.name)}[/] version {template.version}  {state(template.status)}"
    yield facts(
        [
            ("id", template.template_id),
            ("takes", ", ".join(template.masks)),
            ("effective from", template.effective_from),
        ]
    )
    for warning in template.warnings:
        yield f"[yellow]note[/] {escape(warning)}"


def _list_view(templates: Sequence[Template]) -> Iterator[RenderableType]:
    if not templates:
        yield "No template."
        return
    yield table(COLUMNS, (_row(template) for template in templates))


def _row(template: Template) -> tuple[Any, ...]:
    return (
        template.template_id,
        template.name,
        template.version,
        coloured(template.status),
        ", ".join(template.masks),
        template.namespace,
        template.created_at,
        template.created_by,
    )
