"""What a backfill would do now, read as one snapshot; nothing is done."""

import hashlib
from collections import Counter
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.assessing import Assessed, Assessor
from data_access.backfill_candidates import Candidates, Place, of_runs, place
from data_access.template_rows import read_template
from data_access.versions import Version, read_versions
from penstock_core.contracts.workflow import (
    BackfillCounts,
    BackfillFilter,
    BackfillPreview,
    BackfillRow,
)
from penstock_core.errors import Conflict
from penstock_core.states import TemplateStatus

SHOWN = 100


async def read_preview(
    connection: AsyncConnection, template_id: int, chosen: BackfillFilter
) -> tuple[BackfillPreview, list[Assessed]]:
    """Return the preview, and its new rows with their chains; raises ``Conflict``."""
    version = await _actual(connection, template_id)
    assessor = Assessor(version, missing_only=chosen.missing_only)
    candidates = Candidates(connection, version.content, chosen)
    looked_at = _LookedAt(chosen.limit)
    async for refs in candidates.fitting():
        looked_at.add(await assessor.assess(connection, refs, of_runs(chosen)))
        if looked_at.more:
            break
    others, first = await candidates.others(looked_at.until, SHOWN)
    shown = [*looked_at.shown, *(Assessed(ref, "NO_MATCH") for ref in first)]
    counts = looked_at.counts + Counter(no_match=others)
    preview = BackfillPreview(
        template_id=template_id,
        filter=chosen,
        counts=BackfillCounts(**counts, more=looked_at.more),
        rows=tuple(_row(assessor, each) for each in sorted(shown, key=lambda e: place(e.ref))),
        digest=_digest(template_id, looked_at.new),
    )
    return preview, looked_at.new


class _LookedAt:
    """What was looked at so far: all that is new, and of the rest the counts and the first."""

    def __init__(self, limit: int) -> None:
        self.new: list[Assessed] = []
        self.shown: list[Assessed] = []
        self.counts: Counter[str] = Counter()
        self.until: Place | None = None
        self.more = False
        self._limit = limit

    def add(self, found: Iterable[Assessed]) -> None:
        """Take these in their order, until the limit is reached; ``until`` is the last then."""
        for each in found:
            if len(self.new) == self._limit:
                self.more = True
                self.until = place(self.new[-1].ref)
                return
            self.counts[each.outcome.lower()] += 1
            if each.outcome == "NEW":
                self.new.append(each)
            if each.outcome == "NEW" or self.counts[each.outcome.lower()] <= SHOWN:
                self.shown.append(each)


def _row(assessor: Assessor, each: Assessed) -> BackfillRow:
    reason = each.reason or ("" if each.outcome != "NO_MATCH" else assessor.why_not(each.ref))
    return each.row().model_copy(update={"reason": reason})


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
