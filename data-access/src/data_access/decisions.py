"""Why a dataset matched a template or did not, and what was decided on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.catalogue import catalogue_entry
from data_access.schema import decision, examined
from data_access.task_waits import chain_waits
from data_access.template_rows import read_template
from data_access.template_versions import MATCHED
from penstock_core.clients import DsmClient
from penstock_core.contracts.base import Frozen
from penstock_core.contracts.workflow import (
    Catalogue,
    DatasetRef,
    ExplainedMatch,
    Match,
)
from penstock_core.errors import NotFound
from penstock_core.store import Store
from recipe.matching import Matcher


class StoredDecision(Frozen):
    """What was decided on a dataset, and on which revision of the catalogue."""

    dataset: DatasetRef
    catalogue_revision: int
    decided_at: datetime
    matches: tuple[Match, ...]


async def read_decision(store: Store, uid: str) -> StoredDecision:
    """Return the decision on one dataset; raises ``NotFound``."""
    async with store.read() as connection:
        row = await _examined(connection, uid)
        if row is None:
            raise NotFound(
                f"No decision was made on dataset {uid} (yet).",
                hint="The task-generator decides when the storage manager registers it.",
                facts={"dataset": uid},
            )
        matches = await _matches(connection, uid)
    return StoredDecision(
        dataset=row["dataset"],
        catalogue_revision=row["catalogue_revision"],
        decided_at=row["decided_at"],
        matches=tuple(matches),
    )


async def explain(store: Store, dsm: DsmClient, uid: str, template_id: int) -> ExplainedMatch:
    """Return why a dataset matched a template, or did not: stored, else decided anew."""
    async with store.read() as connection:
        row = await read_template(connection, template_id)
        seen = await _examined(connection, uid)
        stored = [m for m in await _matches(connection, uid) if m.template_id == template_id]
        waits = await chain_waits(connection, uid, template_id)
    ref = DatasetRef(**seen["dataset"]) if seen else await ask_dsm(dsm, uid)
    entry = catalogue_entry(row)
    matcher = Matcher(Catalogue(revision=0, templates=(entry,)))
    explained = matcher.explain(ref, template_id)
    return _with_history(explained.model_copy(update={"waits": waits}), stored, row)


async def ask_dsm(dsm: DsmClient, uid: str) -> DatasetRef:
    """Return a dataset as the storage manager has it; raises ``NotFound``."""
    return DatasetRef.of(await dsm.dataset(uid))


def _with_history(explained: ExplainedMatch, stored: Sequence[Match], row: Any) -> ExplainedMatch:
    """Return the explanation with what was decided at the time, which counts."""
    if stored:
        match = stored[0]
        change = {"matched": match.outcome == "MATCH", "reason": match.reason}
        if match.outcome == "SHADOW":
            change["reason"] = f"{match.reason}; the template was in SHADOW, so nothing was made"
        if match.outcome == "SKIPPED":
            change["reason"] = f"skipped: {match.reason}"
        return explained.model_copy(update=change)
    if explained.matched and row["status"] not in MATCHED:
        status = row["status"]
        reason = f"the template is {status}, so it takes no new datasets"
        change = {"matched": False, "clause": f"status {status}", "reason": reason}
        return explained.model_copy(update=change)
    return explained


async def _examined(connection: AsyncConnection, uid: str) -> Any:
    query = select(examined).where(examined.c.dataset_uid == uid)
    return (await connection.execute(query)).mappings().one_or_none()


async def _matches(connection: AsyncConnection, uid: str) -> list[Match]:
    d = decision.c
    query = select(d.template_id, d.outcome, d.captures, d.reason).where(d.dataset_uid == uid)
    rows = await connection.execute(query.order_by(d.template_id))
    return [Match(**row) for row in rows.mappings()]
