"""Names by glob, in either database's own way of matching."""

import re

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.errors import InvalidInput

LONGEST = 250
"""Longest glob, in characters."""

_SET = re.compile(r"\[\^?[^\[\]\\^][^\[\]\\]*\]")
"""As in a mask it may hold what no name has; databases differ in how they read ``[`` in it."""


def name_matches(
    connection: AsyncConnection, column: ColumnElement[str], glob: str
) -> ColumnElement[bool]:
    """Return the condition that a name matches ``glob``, of ``*``, ``?`` and ``[ab]``.

    Raises
    ------
    InvalidInput
        a bracket is not closed, is empty, or holds a bracket or a backslash.
    """
    pattern = "^" + "".join(_as_regex(part) for part in _parts(glob)) + "$"
    if connection.dialect.name == "postgresql":
        return column.regexp_match(pattern)
    return column.op("GLOB")(glob)


def _parts(glob: str) -> list[str]:
    parts = re.findall(r"\[[^\]]*\]?|.", glob, re.DOTALL)
    for part in parts:
        if (part[0] == "[" and not _SET.fullmatch(part)) or len(glob) > LONGEST:
            raise InvalidInput(
                f"{glob[:LONGEST]!r} is no glob of dataset names.",
                hint=f"Use names with *, ? and [ab], up to {LONGEST} characters.",
                field="name",
            )
    return parts


def _as_regex(part: str) -> str:
    special = {"*": ".*", "?": "."}
    return special.get(part) or (part if part[0] == "[" else re.escape(part))
