"""``penstock alarm``: list, ack."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markup import escape

from penstock.cli.connection import DataDir, Url, connect
from penstock.cli.output import AsJson, show, table
from penstock.tables import Column, Markup
from penstock_core.contracts.workflow import Alarm

COLUMNS = (
    Column("#alarm"),
    Column("kind"),
    Column("subject", drop=4),
    Column("what", least=28),
    Column("raised", drop=1),
    Column("#seen", drop=3),
    Column("state", drop=2, least=12),
)


def list_all(
    everything: Annotated[bool, typer.Option("--all", help="Past ones, too.")] = False,
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    namespace: Annotated[str, typer.Option(help="Only of this namespace.")] = "",
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the alarms that are raised."""
    state = "all" if everything else "raised"
    with connect(url, data_dir) as penstock:
        alarms = penstock.alarms(state=state, kind=kind, namespace=namespace)
    show(alarms, as_json, lambda: _view(alarms))


def acknowledge(
    alarms: Annotated[list[int], typer.Argument(min=1, metavar="ALARM", help="Ids of alarms.")],
    url: Url = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say that you have seen alarms; they stay raised until what is wrong is over."""
    with connect(url, data_dir) as penstock:
        seen = [penstock.acknowledge_alarm(number) for number in alarms]
    show(seen, as_json, lambda: [_seen_line(alarm) for alarm in seen])


def _view(alarms: Sequence[Alarm]) -> Iterator[RenderableType]:
    if not alarms:
        yield "No alarm."
        return
    yield table(COLUMNS, (_row(alarm) for alarm in alarms))


def _row(alarm: Alarm) -> tuple[object, ...]:
    what = (alarm.alarm_id, alarm.kind, alarm.subject, alarm.text)
    return (*what, alarm.raised_at, alarm.count, _state(alarm))


def _state(alarm: Alarm) -> Markup:
    if alarm.cleared_at is not None:
        return Markup("[bright_black]over[/]")
    if alarm.acknowledged_by:
        return Markup(f"[yellow]seen by {escape(alarm.acknowledged_by)}[/]")
    return Markup("[bold red]raised[/]")


def _seen_line(alarm: Alarm) -> str:
    return f"Alarm {alarm.alarm_id} was seen by {escape(alarm.acknowledged_by)}."
