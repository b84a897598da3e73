"""``penstock messages``: journal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, show, table
from penstock.tables import Column, Markup
from penstock_core.contracts.runs import JournalEntry

COLUMNS = (
    Column("Timestamp"),
    Column("namespace", drop=4),
    Column("message_type"),
    Column("sender_agent", drop=2),
    Column("source", drop=5),
    Column("workflow", drop=6),
    Column("is_successful", drop=1),
    Column("run", drop=3),
    Column("details", drop=7, least=28),
)
"""Those of ePIC's monitor, then ours."""

Moment = Annotated[
    datetime | None, typer.Option(metavar="TIME", help="Of this time on (UTC), ISO 8601.")
]
Until = Annotated[
    datetime | None, typer.Option(metavar="TIME", help="Before this time (UTC), ISO 8601.")
]


def journal(
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    message_type: Annotated[str, typer.Option(help="Only of this type.")] = "",
    sender_agent: Annotated[str, typer.Option(help="Only of this sender.")] = "",
    source: Annotated[str, typer.Option(help="Only from this exchange.")] = "",
    workflow: Annotated[str, typer.Option(help="Only of this execution.")] = "",
    run: Annotated[str, typer.Option(help="Only about this run.")] = "",
    failed: Annotated[
        bool | None, typer.Option("--failed/--successful", help="Only refused ones, or others.")
    ] = None,
    since: Moment = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the messages that came in from outside, and what became of each."""
    with connect(url, data_dir) as penstock:
        entries = penstock.journal(
            namespace=namespace,
            message_type=message_type,
            sender_agent=sender_agent,
            source=source,
            workflow=workflow,
            run=run,
            is_successful=None if failed is None else not failed,
            since=_utc(since),
            until=_utc(until),
            limit=limit,
        )
    show(entries, as_json, lambda: _view(entries))


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.replace(tzinfo=UTC).isoformat()


def _view(entries: Sequence[JournalEntry]) -> Iterator[RenderableType]:
    if not entries:
        yield "No message."
        return
    yield table(COLUMNS, (_row(entry) for entry in entries))
    for entry in entries:
        if not entry.is_successful:
            yield f"[bold red]{escape(entry.message_type)}[/]: {escape(entry.details)}"


def _row(entry: JournalEntry) -> tuple[Any, ...]:
    colour = {"OK": "green", "LATE": "yellow", "ERROR": "bold red"}[entry.outcome]
    word = "yes" if entry.is_successful else "no"
    return (
        entry.timestamp,
        entry.namespace,
        entry.message_type,
        entry.sender_agent,
        entry.source,
        entry.workflow,
        Markup(f"[{colour}]{word}[/]"),
        entry.run,
        entry.details,
    )
