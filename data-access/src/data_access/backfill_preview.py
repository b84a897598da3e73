"""What a backfill would do now, read as one snapshot; nothing is done."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.assessing import Assessed, Assessor
from data_access.generated import registration
from data_access.schema import examined
from data_access.template_rows import read_template
from data_access.versions import Version, read_versions
from penstock_core.contracts.workflow import (
    BackfillCounts,
    BackfillFilter,
    BackfillPreview,
    DatasetRef,
)
from penstock_core.errors import Conflict
from penstock_core.name_glob import name_matches
from penstock_core.states import DatasetKind, TemplateStatus

PAGE = 500
SHOWN = 100
TAKEN = (DatasetKind.INPUT, DatasetKind.OUTPUT)


async def read_preview(
    connection: AsyncConnection, template_id: int, chosen: BackfillFilter
) -> tuple[BackfillPreview, list[Assessed]]:
    """Return the preview, and its new rows with their chains; raises ``Conflict``."""
    version = await _actual(connection, template_id)
    counts: Counter[str] = Counter()
    new: list[Assessed] = []
    rows = []
    more = False
    async for each in _assessed(connection, version, chosen):
        if len(new) == chosen.limit:
            more = True
            break
        counts[each.outcome] += 1
        if each.outcome == "NEW":
            new.append(each)
        if each.outcome == "NEW" or counts[each.outcome] <= SHOWN:
            rows.append(each.row())
    told = {outcome.lower(): number for outcome, number in counts.items()}
    preview = BackfillPreview(
        template_id=template_id,
        filter=chosen,
        counts=BackfillCounts(**told, more=more),
        rows=tuple(rows),
        digest=_digest(template_id, new),
    )
    return preview, new


async def _actual(connection: AsyncConnection, template_id: int) -> Version:
    row = await read_template(connection, template_id)
    if row["status"] != TemplateStatus.ACTUAL:
        raise Conflict(
            f"Template {template_id} is {row['status']}; a backfill is made by the ACTUAL version.",
            hint='Make it ACTUAL first: PUT /template/{id}/change {"status": "ACTUAL"}.',
        )
    return (await read_versions(connection, [template_id]))[template_id]


def _digest(template_id: int, new: list[Assessed]) -> str:
    """Return what stands for exactly these chains of this version, in this order."""
    told = hashlib.sha256(str(template_id).encode())
    for each in new:
        told.update(each.plan.model_dump_json().encode() if each.plan else b"")
    return f"sha256:{told.hexdigest()}"


async def _assessed(
    connection: AsyncConnection, version: Version, chosen: BackfillFilter
) -> AsyncIterator[Assessed]:
    assessor = Assessor(version, missing_only=chosen.missing_only)
    picks = partial(_of_these_runs, chosen)
    kinds = list(TAKEN) if version.content.takes_outputs else [DatasetKind.INPUT]
    async for refs in _candidates(connection, chosen, kinds):
        for each in await assessor.assess(connection, refs, picks):
            yield each


async def _candidates(
    connection: AsyncConnection, chosen: BackfillFilter, kinds: Sequence[str]
) -> AsyncIterator[list[DatasetRef]]:
    """Give the datasets that were decided on and that the filter picks, oldest first, by pages."""
    e = examined.c
    after: Any = None
    while True:
        query = (
            _filtered(connection, chosen, kinds)
            .order_by(e.registered_at, e.dataset_uid)
            .limit(PAGE)
        )
        if after is not None:
            query = query.where(tuple_(e.registered_at, e.dataset_uid) > tuple_(*after))
        rows = (await connection.execute(query)).all()
        yield [DatasetRef.model_validate(row.dataset) for row in rows]
        if len(rows) < PAGE:
            return
        after = (rows[-1].registered_at, rows[-1].dataset_uid)


def _filtered(
    connection: AsyncConnection, chosen: BackfillFilter, kinds: Sequence[str]
) -> Select[Any]:
    e = examined.c
    kind = func.coalesce(e.dataset["kind"].as_string(), DatasetKind.INPUT.value)
    query = select(e.dataset_uid, e.registered_at, e.dataset).where(kind.in_(kinds))
    if chosen.name:
        query = query.where(name_matches(connection, e.name, chosen.name))
    if chosen.namespace:
        query = query.where(e.namespace == chosen.namespace)
    if chosen.registered_from:
        query = query.where(e.registered_at >= registration(chosen.registered_from))
    if chosen.registered_until:
        query = query.where(e.registered_at < registration(chosen.registered_until))
    return query


def _of_these_runs(chosen: BackfillFilter, each: Assessed) -> bool:
    """Return whether a dataset is of a run in the range; one of no run is of none."""
    if chosen.run_from is None and chosen.run_until is None:
        return True
    run = str(each.ref.metadata.get("run", (each.captures or {}).get("run", "")))
    if not run.isdecimal():
        return False
    lowest = chosen.run_from if chosen.run_from is not None else 0
    return lowest <= int(run) and (chosen.run_until is None or int(run) <= chosen.run_until)
