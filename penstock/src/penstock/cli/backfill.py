"""``penstock template backfill``: old data for a template, shown before it is done."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, coloured, console, show, table
from penstock.client import Penstock
from penstock.tables import Column
from penstock_core.contracts.workflow import Backfill, BackfillPreview
from penstock_core.contracts.workflow.history import MOST_NEW

Time = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC."),
]
SHOWN = 20
LOOK_S = 0.5
COLUMNS = (
    Column("dataset", least=24),
    Column("registered", drop=2),
    Column("outcome"),
    Column("reason", drop=1, least=16),
)
PROGRESS = (
    Column("#backfill"),
    Column("#template"),
    Column("#pending"),
    Column("#made"),
    Column("#conflict"),
    Column("begun", drop=3),
    Column("by", drop=2),
    Column("because", drop=1, least=12),
)


def backfill(
    template: Annotated[str, typer.Argument(help="Name of the template, or the version's id.")],
    name: Annotated[str, typer.Option(help="Only datasets of such names: a glob.")] = "",
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    run_from: Annotated[int | None, typer.Option(help="From this run on.")] = None,
    run_until: Annotated[int | None, typer.Option(help="Up to this run, it included.")] = None,
    since: Time = None,
    until: Time = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only what no version of the template took.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST_NEW, help="At most so many.")] = 1000,
    because: Annotated[str, typer.Option(help="Why; the workflows keep it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before doing it.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what it would do, and end.")
    ] = False,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Have a template take old datasets: shown, counted, and done once you agree."""
    chosen = {
        "name": name,
        "namespace": namespace,
        "run_from": run_from,
        "run_until": run_until,
        "registered_from": _utc(since),
        "registered_until": _utc(until),
        "missing_only": missing,
        "limit": limit,
    }
    with connect(url, data_dir) as penstock:
        preview = penstock.preview_backfill(template, **chosen)
        if not (as_json and yes and preview.counts.new):
            show(preview, as_json, lambda: _preview_view(preview))
        if dry_run or not preview.counts.new or not (yes or _agreed(preview, as_json)):
            return
        done = _follow(penstock, penstock.backfill(preview, because))
    show(done, as_json, lambda: [_done_line(done)])


def backfills(
    template: Annotated[int | None, typer.Option(help="Only of this version.")] = None,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List backfills, how far they are, and who asked for them."""
    with connect(url, data_dir) as penstock:
        found = penstock.backfills(template=template)
    rows = [
        (b.backfill_id, b.template_id, *_progress(b), b.created_at, b.created_by, b.because)
        for b in found
    ]
    show(found, as_json, lambda: [table(PROGRESS, rows)] if rows else ["No backfill."])


def _progress(one: Backfill) -> tuple[int, int, int]:
    return one.pending, one.made, one.conflict


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _agreed(preview: BackfillPreview, as_json: bool) -> bool:
    """Ask; where nobody can answer, it is a no."""
    if as_json or not sys.stdin.isatty():
        return False
    if typer.confirm(f"Make {_workflows(preview.counts.new)}?", default=False):
        return True
    console().print("Nothing was made.")
    return False


def _follow(penstock: Penstock, one: Backfill) -> Backfill:
    """Return the backfill once it is done; it goes on also where nobody looks."""
    while one.pending:
        time.sleep(LOOK_S)
        one = penstock.backfill_state(one.backfill_id)
    return one


def _preview_view(preview: BackfillPreview) -> Iterator[RenderableType]:
    counts = preview.counts
    rows: list[tuple[Any, ...]] = [
        (row.dataset, row.registered_at, coloured(row.outcome), row.reason)
        for row in sorted(preview.rows, key=lambda row: row.outcome != "NEW")[:SHOWN]
    ]
    if rows:
        yield table(COLUMNS, rows)
    total = counts.new + counts.there + counts.conflict + counts.no_match
    if total > len(rows):
        yield f"… and {total - len(rows)} more; --json lists all that are new."
    yield (
        f"[bold]{_workflows(counts.new)}[/] to make; {counts.there} there already, "
        f"{counts.conflict} in conflict, {counts.no_match} without a match."
    )
    if counts.more:
        yield f"The limit of {preview.filter.limit} was reached; a next backfill goes on."


def _done_line(done: Backfill) -> str:
    lost = f", {done.conflict} in conflict" if done.conflict else ""
    why = f" ({escape(done.because)})" if done.because else ""
    return f"Backfill {done.backfill_id}: {_workflows(done.made)} made{lost}{why}."


def _workflows(count: int) -> str:
    return "1 workflow" if count == 1 else f"{count} workflows"
