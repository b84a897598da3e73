"""``penstock storage``: list, show, dark."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show, table
from penstock.tables import Column
from penstock_core import looks
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.inspection import DarkFile, StorageSample, StorageUse
from penstock_core.errors import InvalidInput

Name = Annotated[str, typer.Argument(metavar="STORAGE", help="Name or uid of the storage.")]
COLUMNS = (
    Column("storage"),
    Column("#files", drop=1),
    Column("#registered", drop=2),
    Column("#free"),
    Column("#of", drop=4),
    Column("full at", drop=3),
    Column("#dark", drop=5),
    Column("problem", drop=6, least=20),
)
_SAMPLES = 12


class Shown(Frozen):
    """What ``storage show`` tells of one storage."""

    use: StorageUse
    history: tuple[StorageSample, ...]


def list_all(url: Url = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List storages: what is registered there, how full they are, and when they are full."""
    with connect(url, data_dir) as penstock:
        found = penstock.storages()
    show(found, as_json, lambda: [table(COLUMNS, (_row(use) for use in found))])


def show_one(
    storage: Name, url: Url = "", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show one storage: where it is, how full it is and was, and when it is full."""
    with connect(url, data_dir) as penstock:
        use = penstock.storage(storage)
        shown = Shown(use=use, history=penstock.storage_history(use.storage.uid))
    show(shown, as_json, lambda: _view(shown))


def dark(
    storage: Name,
    under: Annotated[str, typer.Option(help="Only paths that begin so.")] = "",
    delete: Annotated[bool, typer.Option("--delete", help="Delete those that are listed.")] = False,
    because: Annotated[str, typer.Option(help="Why they are deleted.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List files that lie in a storage and are registered nowhere, or delete them."""
    if delete and not because:
        raise InvalidInput(
            "It is not said why these files are to be deleted.", hint="Add --because '…'."
        )
    with connect(url, data_dir) as penstock:
        found = [f for f in penstock.dark_files(storage) if f.path.startswith(under)]
        if delete and found:
            penstock.delete_dark(storage, found, because)
    show(found, as_json, lambda: _dark_view(found, deleted=delete))


def _row(use: StorageUse) -> tuple[Any, ...]:
    found = use.sample
    free, total, problem = _fill(found)
    return (
        use.storage.name,
        use.files,
        looks.size(use.size_bytes),
        free,
        total,
        use.full_at,
        use.dark_files,
        problem,
    )


def _fill(found: StorageSample | None) -> tuple[str, str, str]:
    """Return what is free, of how much, and what is wrong; "" for what nobody knows."""
    if found is None:
        return "", "", ""
    free = "" if found.free_bytes is None else looks.size(found.free_bytes)
    total = "" if found.total_bytes is None else looks.size(found.total_bytes)
    return free, total, found.problem


def _view(shown: Shown) -> Iterator[RenderableType]:
    use = shown.use
    yield f"[bold]{escape(use.storage.name)}[/]  {escape(use.storage.base)}"
    free, total, problem = _fill(use.sample)
    pairs = [
        ("problem", problem),
        ("free", f"{free} of {total}" if free else ""),
        ("full at", use.full_at or "it does not fill"),
        ("registered", f"{looks.files(use.files)}, {looks.size(use.size_bytes)}"),
        ("dark", f"{looks.files(use.dark_files)}, {looks.size(use.dark_bytes)}"),
        ("last sweep", use.swept_at),
        ("uid", use.storage.uid),
    ]
    yield facts([pair for pair in pairs if pair != ("problem", "")])
    if shown.history:
        yield f"\n[bold]Last samples[/] (of {len(shown.history)})"
        rows = ((one.at, *_fill(one)) for one in shown.history[-_SAMPLES:])
        yield table(("when", "#free", "#of", "problem"), rows)


def _dark_view(found: Sequence[DarkFile], *, deleted: bool) -> Iterator[RenderableType]:
    if not found:
        yield "No dark file."
        return
    rows = ((f.path, looks.size(f.size_bytes), f.modified_at, f.found_at, _wish(f)) for f in found)
    yield table(("path", "#size", "changed", "found", "remark"), rows)
    total = looks.size(sum(file.size_bytes for file in found))
    what = "The inspector deletes them now" if deleted else "Delete them with --delete --because"
    yield f"{looks.files(len(found))}, {total}. {what}."


def _wish(file: DarkFile) -> str:
    wanted = f"to be deleted: {file.because} ({file.wanted_by})" if file.wanted_by else ""
    return " ".join(part for part in (wanted, file.problem) if part)
