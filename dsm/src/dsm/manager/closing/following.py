"""What goes on after a dataset has closed: a successor, a delta, or nothing."""

from typing import Any

from sqlalchemy import Row

SUCCESSOR, DELTA = "s", "d"
_BY_ITS_RULE = frozenset({"files", "bytes", "age", "idle"})

Member = tuple[str, int]
"""The series of a dataset that follows another, and its number in that."""


def following(last: Row[Any], *, of_daq: bool, has_limits: bool) -> Member | None:
    """Return what takes files that come after ``last`` has closed, or None: nothing does.

    A stream without end goes on in a successor, also where somebody closed it by force. Files of
    the DAQ are archived in a delta, and so are those that were waited for too long.
    """
    if last.series == DELTA:
        return DELTA, last.number + 1
    if of_daq or last.closed_rule == "incomplete":
        return DELTA, 1
    by_force = last.closed_rule == "forced" and last.announced is None
    if last.closed_rule in _BY_ITS_RULE or (by_force and has_limits):
        return SUCCESSOR, max(last.number, 1) + 1
    return None
