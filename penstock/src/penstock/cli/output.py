"""What commands print: tables for people, with ``--json`` one JSON document for programs."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from penstock.tables import Column, Fitting, Markup, cell
from penstock_core import looks
from penstock_core.clients.base import dump
from penstock_core.errors import PenstockError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]

_WIDE = 1000


def console() -> Console:
    """Return the console of standard output; lines are not cut where nobody reads a terminal."""
    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False, soft_wrap=False)


def show(value: Any, as_json: bool, view: Callable[[], Iterable[RenderableType]]) -> None:
    """Print ``value`` as JSON, or what ``view`` makes of it."""
    if as_json:
        sys.stdout.write(dump(value).decode() + "\n")
        return
    out = console()
    for part in view():
        out.print(part)


def complain(error: PenstockError) -> None:
    """Print an error's message and hint on standard error."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    out.print(f"[bold red]Error:[/] {escape(error.message)}")
    if error.hint:
        out.print(f"[bold]Hint:[/] {escape(error.hint)}")


def table(columns: Sequence[str | Column], rows: Iterable[Sequence[Any]]) -> Fitting:
    """Return a table; a column whose name begins with ``#`` holds numbers."""
    return Fitting(columns, rows)


def facts(pairs: Iterable[tuple[str, Any]]) -> Table:
    """Return names and values under each other."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bright_black", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(name, cell(value))
    return made


def state(name: str) -> str:
    """Return a state's word in its colour, as markup."""
    how = looks.look(name)
    return f"[{how.colour}]{how.word}[/]"


def coloured(name: str) -> Markup:
    """Return a state as a table's cell."""
    return Markup(state(name))
