"""Tables that fit their terminal: a narrow one has narrow gaps, then fewer columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from penstock_core import looks
from penstock_core.clock import now

_ANY_WIDTH = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name
        Its head; one that begins with ``#`` holds numbers.
    drop
        0: it is always there; of the others the one with the highest goes first.
    least
        How narrow its text may be wrapped; 0: not at all.
    """

    name: str
    drop: int = 0
    least: int = 0

    @classmethod
    def of(cls, name: "str | Column") -> "Column":
        """Return ``name`` as a column that is always there; text in it may be wrapped."""
        if isinstance(name, Column):
            return name
        return cls(name, least=0 if name.startswith("#") else 8)


SPD = (
    Column("#task"),
    Column("#wflow", drop=4),
    Column("exec", drop=3, least=12),
    Column("args", drop=6, least=12),
    Column("#rank", drop=5),
    Column("device", drop=9),
    Column("mode", drop=8),
    Column("#retry", drop=7),
    Column("#in", drop=10),
    Column("#out", drop=11),
    Column("#log", drop=12),
    Column("status"),
)
"""SPD's columns, and in which order they stay away from a narrow terminal."""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


class Fitting:
    """A table that leaves out columns until nothing in the others is cut."""

    def __init__(
        self, columns: Sequence[str | Column], rows: Iterable[Sequence[Any]], title: str = ""
    ) -> None:
        self._columns = [Column.of(column) for column in columns]
        self._rows = [[Text.from_markup(cell(value)) for value in row] for row in rows]
        self._title = title

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the table with as many columns as fit; names fold where even the last do not."""
        kept = list(range(len(self._columns)))
        if self._fits(self._table(kept), console, options):
            yield self._table(kept)
            return
        while not self._fits(self._table(kept, tight=True), console, options):
            least = max(kept, key=lambda at: self._columns[at].drop)
            if self._columns[least].drop == 0:
                yield self._table(kept, tight=True, fold=True)
                return
            kept.remove(least)
        yield self._table(kept, tight=True)

    def _fits(self, table: Table, console: Console, options: ConsoleOptions) -> bool:
        anywhere = options.update(width=_ANY_WIDTH)
        return Measurement.get(console, anywhere, table).minimum <= options.max_width

    def _table(self, kept: Sequence[int], *, tight: bool = False, fold: bool = False) -> Table:
        made = Table(
            box=SIMPLE_HEAD,
            pad_edge=False,
            padding=(0, 0) if tight else (0, 1),
            title=self._title or None,
            title_justify="left",
        )
        for at in kept:
            self._add_column(made, at, fold)
        for row in self._rows:
            made.add_row(*(row[at] for at in kept))
        return made

    def _add_column(self, made: Table, at: int, fold: bool) -> None:
        column = self._columns[at]
        head = column.name.lstrip("#")
        natural = max([len(head), *(row[at].cell_len for row in self._rows)])
        made.add_column(
            head,
            justify="right" if column.name.startswith("#") else "left",
            no_wrap=not (column.least or fold),
            overflow="fold",
            min_width=None if fold else min(natural, column.least or natural),
        )


def cell(value: Any) -> str:
    """Return a value as the markup of a cell."""
    if isinstance(value, Markup):
        return str(value)
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return f"{looks.utc(value)} [bright_black]{looks.age(value, now())}[/]"
    return escape(str(value))
