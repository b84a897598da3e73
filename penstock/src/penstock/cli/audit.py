"""``penstock audit``: whether the stores hold what they must."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from penstock.audit.laws import LAWS
from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show
from penstock.client import Penstock
from penstock_core.contracts.audit import Law, Violation


def audit(
    law: Annotated[Law | None, typer.Option(help="Only this law.")] = None,
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Send again what may mend it, and look anew."),
    ] = False,
    settle: Annotated[
        float, typer.Option(min=0, help="How long what is found may be under way, in seconds.")
    ] = 5.0,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Prove from all stores that nothing is lost, doubled or left behind; exit with 1 if not."""
    with connect(url, data_dir) as penstock:

        def look() -> list[Violation]:
            found = _audited(penstock, settle)
            return [v for v in found if law in (None, v.law) and namespace in ("", v.namespace)]

        found = look()
        if repair and penstock.repair(found):
            found = look()
    show(found, as_json, lambda: _view(found))
    if found:
        raise typer.Exit(1)


def _audited(penstock: Penstock, settle_s: float) -> list[Violation]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bars = {}

        def tell(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = progress.add_task(name, total=total)
            progress.update(bars[name], completed=done, total=total)

        return penstock.audit(settle_s, tell)


def _view(found: Sequence[Violation]) -> Iterator[RenderableType]:
    if not found:
        yield f"[green]All {len(LAWS)} laws hold.[/]"
        return
    for violation in found:
        yield f"[bold red]{escape(violation.law)}[/]: {escape(violation.text)}"
        pairs = [("holds", LAWS[violation.law].holds), *violation.evidence.items()]
        if violation.tell_again:
            pairs.append(("repair", LAWS[violation.law].repair))
        yield facts(pairs)
    yield f"[bold red]{len(found)} violations.[/]"
