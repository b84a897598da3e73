"""Closed datasets past the lifetime that their rule gives them are deleted."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from dsm.manager import tables
from dsm.manager.closing.rule_rows import read_rulebook
from dsm.manager.closing.rulebook import Candidate, Rulebook
from dsm.manager.inspection.deletion import Asked, delete_dataset
from dsm.manager.work import Work
from penstock_core import looks
from penstock_core.clock import parse_time
from penstock_core.states import DatasetState

BATCH = 500
_D = tables.dataset.c


async def expire(work: Work, actor: str) -> bool:
    """Look at a batch of closed datasets whose time has come; return whether there may be more.

    Each is deleted, or looked at again when its lifetime will be over, if it has one.
    """
    due = (_D.review_at <= work.at) & (_D.state == DatasetState.CLOSED)
    query = select(tables.dataset).where(due).order_by(_D.review_at, _D.id).limit(BATCH)
    rows = (await work.connection.execute(query)).all()
    if not rows:
        return False
    book = await read_rulebook(work.connection)
    later = []
    for row in rows:
        ends_at = _ends_at(row, book)
        if ends_at is not None and ends_at <= work.at:
            await delete_dataset(work, row, _over(row, book, actor))
        else:
            later.append({"the_id": row.id, "at": ends_at})
    if later:
        here = _D.id == bindparam("the_id")
        change = update(tables.dataset).where(here).values(review_at=bindparam("at"))
        await work.connection.execute(change, later)
    return len(rows) == BATCH


def _ends_at(row: Row[Any], book: Rulebook) -> str | None:
    """Return when the lifetime of a closed dataset is over, as the tables hold it."""
    lifetime_s = book.applied(Candidate.of(row)).policy.lifetime_s
    if lifetime_s is None:
        return None
    end = parse_time(row.closed_at) + timedelta(seconds=lifetime_s)
    return end.isoformat(timespec="microseconds")


def _over(row: Row[Any], book: Rulebook, actor: str) -> Asked:
    applied = book.applied(Candidate.of(row))
    kept = looks.duration(timedelta(seconds=applied.policy.lifetime_s or 0))
    closed = looks.utc(parse_time(row.closed_at))
    because = f"it closed at {closed}, and rule {applied.rule} keeps it for {kept}"
    evidence = {
        "rule": applied.rule,
        "lifetime_s": applied.policy.lifetime_s,
        "closed_at": row.closed_at,
    }
    return Asked("lifetime", because, actor, evidence)
