"""Backfills as they are shown: what was confirmed, and how far it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import backfill, backfill_row
from penstock_core.contracts.workflow import Backfill, BackfillDone
from penstock_core.errors import NotFound

_OUTCOMES = ("pending", "made", "conflict")


async def read_backfill(connection: AsyncConnection, backfill_id: int) -> Backfill:
    """Return one backfill; raises ``NotFound``."""
    found = await _read(connection, select(backfill).where(backfill.c.backfill_id == backfill_id))
    if not found:
        raise NotFound(
            f"There is no backfill {backfill_id}.",
            hint="GET /backfill lists them.",
            facts={"backfill_id": backfill_id},
        )
    return found[0]


async def read_backfills(
    connection: AsyncConnection, template_id: int | None, after: int, limit: int
) -> list[Backfill]:
    """Return backfills after an id, of one version or of all."""
    query = select(backfill).where(backfill.c.backfill_id > after)
    if template_id is not None:
        query = query.where(backfill.c.template_id == template_id)
    return await _read(connection, query.order_by(backfill.c.backfill_id).limit(limit))


async def read_backfill_rows(
    connection: AsyncConnection, backfill_id: int, after: int, limit: int
) -> list[BackfillDone]:
    """Return a backfill's rows after a number, in the order of its preview."""
    r = backfill_row.c
    query = select(backfill_row).where(r.backfill_id == backfill_id, r.number > after)
    rows = await connection.execute(query.order_by(r.number).limit(limit))
    own = set(BackfillDone.model_fields) - {"dataset"}
    return [
        BackfillDone(dataset=row["dataset"]["name"], **{name: row[name] for name in own})
        for row in rows.mappings()
    ]


async def _read(connection: AsyncConnection, query: Select[Any]) -> list[Backfill]:
    rows = (await connection.execute(query)).mappings().all()
    counts = await _counts(connection, [row["backfill_id"] for row in rows])
    own = set(Backfill.model_fields) - set(_OUTCOMES)
    return [
        Backfill.model_validate(
            {name: row[name] for name in own}
            | {name: counts.get((row["backfill_id"], name.upper()), 0) for name in _OUTCOMES}
        )
        for row in rows
    ]


async def _counts(
    connection: AsyncConnection, numbers: Sequence[int]
) -> dict[tuple[int, str], int]:
    r = backfill_row.c
    query = (
        select(r.backfill_id, r.outcome, func.count())
        .where(r.backfill_id.in_(numbers))
        .group_by(r.backfill_id, r.outcome)
    )
    return {(number, outcome): count for number, outcome, count in await connection.execute(query)}
