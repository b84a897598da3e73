"""``penstock messages``: queues, peek, dead, redrive, discard."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, facts, show, table
from penstock.tables import Column, Markup
from penstock_core.contracts.broker import (
    DeadLetter,
    DeadLetters,
    DeadLettersMoved,
    DeadLetterWish,
    PeekedMessage,
    QueueState,
)

COLUMNS = (
    Column("queue"),
    Column("#ready"),
    Column("#unacknowledged", drop=3),
    Column("#consumers", drop=2),
    Column("#in per s", drop=4),
    Column("#out per s", drop=5),
    Column("oldest", drop=1),
)
Queue = Annotated[str, typer.Argument(help="The queue; its dead letters are meant.")]
Ids = Annotated[list[str] | None, typer.Option("--id", help="Only this message; may be repeated.")]
Reason = Annotated[str, typer.Option(help="Only those whose reason contains this.")]
All = Annotated[bool, typer.Option("--all", help="All dead letters of the queue.")]
Because = Annotated[str, typer.Option(help="Why; it is kept.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]


def queues(
    everything: Annotated[bool, typer.Option("--all", help="Empty ones, too.")] = False,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits on each queue, who takes from it, and what died there."""
    with connect(url, data_dir) as penstock:
        found = penstock.queues()
    shown = [q for q in found if everything or q.ready or q.unacknowledged or q.consumers]
    show(found, as_json, lambda: [table(COLUMNS, (_row(queue) for queue in shown))])


def peek(
    queue: Annotated[str, typer.Argument(help="A queue whose name ends in .reply or .dead.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the oldest first.")] = 20,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the oldest messages of a queue; they stay there."""
    with connect(url, data_dir) as penstock:
        found = penstock.peek(queue, limit)
    show(found, as_json, lambda: _peeked(found))


def dead(
    queue: Annotated[str, typer.Argument(help="Only of this queue.")] = "",
    reason: Reason = "",
    message_type: Annotated[str, typer.Option(help="Only of this type.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the oldest first.")] = 50,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show dead letters: why each died, and where it is not what its message asks for."""
    with connect(url, data_dir) as penstock:
        found = penstock.dead_letters(
            queue=queue, reason=reason, message_type=message_type, limit=limit
        )
    show(found, as_json, lambda: _letters(found))


def redrive(
    queue: Queue,
    ids: Ids = None,
    reason: Reason = "",
    everything: All = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also what would be refused again.")
    ] = False,
    because: Because = "",
    dry_run: DryRun = False,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to their queue again, once what was wrong is mended."""
    wish = _wish(queue, ids, reason, everything, because, dry_run)
    with connect(url, data_dir) as penstock:
        moved = penstock.redrive(wish.model_copy(update={"force": force}))
    said = "would be sent again" if dry_run else "sent again"
    show(moved, as_json, lambda: _moved(moved, said))


def discard(
    queue: Queue,
    because: Annotated[str, typer.Option(help="Why; it is kept.")],
    ids: Ids = None,
    reason: Reason = "",
    everything: All = False,
    dry_run: DryRun = False,
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give dead letters up; what they said stays in the event log."""
    wish = _wish(queue, ids, reason, everything, because, dry_run)
    with connect(url, data_dir) as penstock:
        moved = penstock.discard(wish)
    said = "would be given up" if dry_run else "given up"
    show(moved, as_json, lambda: _moved(moved, said))


def _wish(
    queue: str, ids: list[str] | None, reason: str, everything: bool, because: str, dry_run: bool
) -> DeadLetterWish:
    if not (ids or reason or everything):
        raise typer.BadParameter("Say which: --id, --reason, or --all.")
    return DeadLetterWish(
        queue=queue,
        message_ids=tuple(ids or ()),
        reason=reason,
        because=because,
        dry_run=dry_run,
    )


def _row(queue: QueueState) -> tuple[object, ...]:
    is_bad = queue.is_dead_letter and queue.ready
    name = Markup(f"[bold red]{queue.name}[/]") if is_bad else queue.name
    counts = (queue.ready, queue.unacknowledged, queue.consumers)
    return (name, *counts, queue.in_per_s, queue.out_per_s, queue.oldest_at)


def _peeked(found: Sequence[PeekedMessage]) -> Iterator[RenderableType]:
    if not found:
        yield "Nothing lies there."
    for message in found:
        yield f"[bold]{escape(message.type)}[/] {message.sent_at:%Y-%m-%d %H:%M:%SZ}"
        yield facts([("id", message.message_id), ("body", message.body)])


def _letters(found: DeadLetters) -> Iterator[RenderableType]:
    if not found.items:
        yield "No dead letters."
    for letter in found.items:
        yield from _letter(letter)
    if found.more:
        yield "There are more: name a queue, or raise --limit."


def _letter(letter: DeadLetter) -> Iterator[RenderableType]:
    yield f"[bold red]{escape(letter.type)}[/] on {escape(letter.queue)}: {escape(letter.reason)}"
    pairs = [
        ("id", letter.message_id),
        ("sent", letter.sent_at),
        ("sender", letter.sender),
        ("sent again", letter.redriven or ""),
        *((d.field, f"{d.wanted}; found {d.found}") for d in letter.differences),
        ("body", letter.body),
    ]
    yield facts([pair for pair in pairs if pair[1]])


def _moved(moved: DeadLettersMoved, said: str) -> Iterator[RenderableType]:
    yield f"{len(moved.message_ids)} dead letters {said}."
    for message_id, reason in moved.left.items():
        yield f"[yellow]{escape(message_id)} stays[/]: {escape(reason)}"
    if moved.more:
        yield "Not all were looked at: say it again."
