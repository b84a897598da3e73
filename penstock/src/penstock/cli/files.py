"""``penstock file``: list, show, quarantine, release, lost."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, facts, show, state, table
from penstock.tables import Column
from penstock_core import looks
from penstock_core.contracts.dsm import File
from penstock_core.contracts.inspection import FileCheck, FileDetails
from penstock_core.states import FileState

Names = Annotated[list[str], typer.Argument(metavar="FILE", help="Names or uids of files.")]
Namespace = Annotated[str, typer.Option("--namespace", help="Namespace of the file.")]
Because = Annotated[str, typer.Option(help="Why; it is kept with your name.")]
COLUMNS = (
    Column("name"),
    Column("state"),
    Column("#size", drop=2),
    Column("checksum", drop=3),
    Column("registered", drop=4),
    Column("checked", drop=5),
    Column("what is wrong", drop=1, least=24),
)


def list_all(
    name: Annotated[str, typer.Option(help="Only this whole name.")] = "",
    state: Annotated[
        FileState | None, typer.Option(case_sensitive=False, help="Only in this state.")
    ] = None,
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the oldest.")] = 100,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List files: state, size, checksum, and what is wrong with them."""
    with connect(url, data_dir) as penstock:
        found = penstock.list_files(name=name, state=state or "", namespace=namespace, limit=limit)
    show(found, as_json, lambda: _list_view(found))


def show_one(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Name or uid of the file.")],
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one file: where it is, what was found of it, which datasets hold it."""
    with connect(url, data_dir) as penstock:
        found = penstock.file(file, namespace)
    show(found, as_json, lambda: _view(found))


def quarantine(
    only: Annotated[
        Literal["QUARANTINED", "LOST"] | None,
        typer.Option("--state", case_sensitive=False, help="Only in this state."),
    ] = None,
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show files in quarantine and lost ones: found against told, by whom, in which datasets."""
    with connect(url, data_dir) as penstock:
        found = penstock.quarantine(state=only or "", namespace=namespace)
    show(found, as_json, lambda: _quarantine_view(found))


def release(
    files: Names,
    because: Because,
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let files out of quarantine if the next look finds them right; look for lost ones."""
    with connect(url, data_dir) as penstock:
        found = penstock.release_files(files, because, namespace)
    lines = [f"{escape(f.name)}: the inspector looks at it now." for f in found]
    show(found, as_json, lambda: [*lines, "What it finds: penstock file show FILE"])


def lost(
    files: Names,
    because: Because,
    namespace: Namespace = "default",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give files up: they count as registered, and are never an input again."""
    with connect(url, data_dir) as penstock:
        found = penstock.declare_lost(files, because, namespace)
    show(found, as_json, lambda: [f"{escape(f.name)} is {state(f.state)}." for f in found])


def _list_view(found: Sequence[File]) -> Iterator[RenderableType]:
    if not found:
        yield "No file."
        return
    yield table(COLUMNS, (_row(file) for file in found))


def _row(file: File) -> tuple[Any, ...]:
    size = looks.size(file.size_bytes)
    times = (file.registered_at, file.checked_at)
    return (file.name, coloured(file.state), size, file.checksum, *times, file.reason)


def _quarantine_view(found: Sequence[FileDetails]) -> Iterator[RenderableType]:
    if not found:
        yield "No file is in quarantine, and none is lost."
        return
    for number, details in enumerate(found):
        if number:
            yield ""
        yield from _view(details)


def _view(details: FileDetails) -> Iterator[RenderableType]:
    file = details.file
    yield f"[bold]{escape(file.name)}[/]  {state(file.state)}"
    yield facts(_facts(details))
    if details.checks:
        heads = ("when", "what", "by", "#size", "checksum", "why")
        yield table(heads, (_check(check) for check in details.checks))


def _facts(details: FileDetails) -> list[tuple[str, Any]]:
    file = details.file
    held = [f"{one.namespace}/{one.name} ({one.state})" for one in details.datasets]
    return [
        *([("what is wrong", file.reason)] if file.reason else []),
        ("told", f"{file.size_bytes} bytes, {file.checksum}"),
        ("datasets", ", ".join(held)),
        ("path", file.path),
        ("registered", file.registered_at),
        ("checked", file.checked_at),
        ("uid", file.uid),
    ]


def _check(check: FileCheck) -> tuple[Any, ...]:
    return (check.at, check.what, check.by, check.size_bytes, check.checksum, check.reason)
