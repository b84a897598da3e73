"""Backfills: a preview that was confirmed, stored to the row, and carried out in batches.

What is confirmed stands in rows, each with its dataset as it was seen. A batch is one transaction
under the locked counters: killed anywhere, or done by two at a time, each row is done once.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.backfill_preview import read_preview
from data_access.backfill_rows import read_backfill
from data_access.bulk import Row
from data_access.counters import Counters
from data_access.dataset_refs import newest_states
from data_access.generated import store_matches
from data_access.making import Chain, make_chains
from data_access.plans import Clash
from data_access.schema import PENDING, backfill, backfill_row
from data_access.versions import Version, read_versions
from penstock_core.bulk import insert_rows
from penstock_core.clock import now
from penstock_core.contracts.workflow import (
    Backfill,
    BackfillPreview,
    BackfillRequest,
    DatasetRef,
    Match,
)
from penstock_core.errors import Conflict, PenstockError, Stale
from penstock_core.states import DatasetState
from penstock_core.store import Store
from recipe.catch_up import place

BATCH = 100


async def confirm(store: Store, template_id: int, asked: BackfillRequest, actor: str) -> Backfill:
    """Store a confirmed preview; raises ``Stale`` if it would be another one now."""
    async with store.write() as connection:
        await Counters.lock(connection)  # nobody makes a workflow or decides meanwhile
        preview, new = await read_preview(connection, template_id, asked.filter)
        if preview.digest != asked.digest:
            raise _stale(preview)
        if not new:
            raise Conflict("The backfill would make nothing.", hint="Widen the filter.")
        number = await _insert(connection, asked, preview, actor)
        rows = [
            {
                "backfill_id": number,
                "number": place,
                "dataset_uid": each.ref.uid,
                "dataset": each.ref.model_dump(mode="json"),
                "captures": dict(each.captures or {}),
                "outcome": "PENDING",
                "reason": "",
            }
            for place, each in enumerate(new, 1)
        ]
        await insert_rows(connection, backfill_row, rows)
        return await read_backfill(connection, number)


def _stale(preview: BackfillPreview) -> Stale:
    counts = preview.counts
    return Stale(
        f"The preview is no longer true: it would be {counts.new} new, {counts.there} there "
        f"already, {counts.conflict} conflicts and {counts.no_match} without a match.",
        hint="Look at it again, and confirm that: POST /template/{id}/backfill/preview.",
        facts={"counts": counts.model_dump(), "digest": preview.digest},
    )


async def _insert(
    connection: AsyncConnection, asked: BackfillRequest, preview: BackfillPreview, actor: str
) -> int:
    row = {
        "template_id": preview.template_id,
        "filter": preview.filter.model_dump(mode="json"),
        "counts": preview.counts.model_dump(),
        "digest": preview.digest,
        "because": asked.because,
        "created_by": actor,
        "created_at": now().isoformat(),
    }
    made = await connection.execute(backfill.insert().values(row).returning(backfill.c.backfill_id))
    return int(made.scalar_one())


async def execute(store: Store, limit: int = BATCH) -> bool:
    """Carry out the next rows of any backfill; return whether there may be more."""
    async with store.read() as connection:
        if not await _pending(connection, 1):
            return False
    async with store.write() as connection:
        counters = await Counters.lock(connection)
        rows = await _pending(connection, limit)
        versions = await read_versions(connection, {row["template_id"] for row in rows})
        states = await newest_states(connection, {row["dataset_uid"] for row in rows})
        chains: dict[int, Chain] = {}
        done: dict[int, int | str] = {}
        for n, row in enumerate(rows):
            chain = _chain(row, versions[row["template_id"]], states)
            if isinstance(chain, Chain):
                chains[n] = chain
            else:
                done[n] = chain
        made = await make_chains(connection, counters, list(chains.values()))
        for n, outcome in zip(chains, made.outcomes, strict=True):
            done[n] = outcome.reason if isinstance(outcome, Clash) else outcome
        await _store(connection, rows, done)
    return len(rows) == limit


async def _pending(connection: AsyncConnection, limit: int) -> Sequence[Row]:
    r, b = backfill_row.c, backfill.c
    query = (
        select(backfill_row, b.template_id, b.created_by, b.because)
        .join(backfill, b.backfill_id == r.backfill_id)
        .where(text(PENDING))
        .order_by(r.backfill_id, r.number)
        .limit(limit)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def _chain(row: Row, version: Version, states: dict[str, DatasetState]) -> Chain | str:
    """Return the chain of a row, or why it cannot be made (any more)."""
    ref = DatasetRef.model_validate(row["dataset"])
    ref = ref.model_copy(update={"state": states.get(ref.uid, ref.state)})
    if ref.state is DatasetState.DELETED:
        return "the dataset was deleted"
    try:
        plan = version.plan(ref, row["captures"])
    except PenstockError as error:
        return str(error)
    plan = plan.model_copy(update={"behind": place(ref)})
    because = f"backfill {row['backfill_id']}" + (f": {row['because']}" * bool(row["because"]))
    return Chain(plan, ref, version.origin(row["created_by"], because))


async def _store(
    connection: AsyncConnection, rows: Sequence[Row], done: dict[int, int | str]
) -> None:
    """Write what became of the rows, and that their datasets are taken now."""
    if not rows:
        return
    changes = [_change(row, done[n]) for n, row in enumerate(rows)]
    r = backfill_row.c
    this = (r.backfill_id == bindparam("of")) & (r.number == bindparam("place"))
    await connection.execute(backfill_row.update().where(this), changes)
    made = [row for n, row in enumerate(rows) if isinstance(done[n], int)]
    await store_matches(connection, map(_match, made), keep=("MATCH",))


def _change(row: Row, outcome: int | str) -> dict[str, Any]:
    made = isinstance(outcome, int)
    return {
        "of": row["backfill_id"],
        "place": row["number"],
        "outcome": "MADE" if made else "CONFLICT",
        "reason": "" if made else outcome,
        "workflow_id": outcome if made else None,
    }


def _match(row: Row) -> tuple[str, Match]:
    return row["dataset_uid"], Match(
        template_id=row["template_id"],
        outcome="MATCH",
        captures=row["captures"],
        reason=f"backfill {row['backfill_id']} of {row['created_by']}",
    )
