"""What earlier decisions have settled: a template's first version to take a dataset keeps it.

A dataset is decided on again when its metadata changes and when it closes. Until then another
version may have come, with a time in force that reaches back; and what was skipped for being late
is no longer late. Neither makes a chain: old data is taken only by a backfill.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks
from data_access.schema import decision, template
from penstock_core.among import among
from penstock_core.contracts.workflow import DatasetDecision, GeneratedBatch, Match

_same = template.alias("same_name")
_Key = tuple[str, int]
"""Dataset and template version."""


async def keep_settled(connection: AsyncConnection, batch: GeneratedBatch) -> GeneratedBatch:
    """Return the batch without the chains that earlier decisions forbid."""
    settled = await _settled(connection, batch)
    if not settled:
        return batch
    dropped = settled.keys()
    return batch.model_copy(
        update={
            "decisions": tuple(_settle(each, settled) for each in batch.decisions),
            "workflows": tuple(
                w for w in batch.workflows if (w.dataset_uid, w.template_id) not in dropped
            ),
        }
    )


async def _settled(connection: AsyncConnection, batch: GeneratedBatch) -> dict[_Key, str]:
    """Return the matches of the batch that are no more, each with the reason."""
    matched = {
        (each.dataset.uid, match.template_id)
        for each in batch.decisions
        for match in each.matches
        if match.outcome == "MATCH"
    }
    versions = {template_id for _, template_id in matched}
    d = decision.c
    found: dict[_Key, str] = {}
    for some in chunks({uid for uid, _ in matched}):
        query = (
            select(d.dataset_uid, d.template_id, d.outcome, d.reason, _same.c.template_id)
            .join(template, template.c.template_id == d.template_id)
            .join(_same, _same.c.name == template.c.name)
            .where(among(d.dataset_uid, some), d.outcome.in_(("MATCH", "SKIPPED")))
            .where(_same.c.template_id.in_(versions))
        )
        for uid, before, outcome, reason, version in await connection.execute(query):
            if (uid, version) in matched and (before != version or outcome == "SKIPPED"):
                own = f"template {before}, an earlier version, took it"
                found[uid, version] = own if outcome == "MATCH" else reason
    return found


def _settle(each: DatasetDecision, settled: Mapping[_Key, str]) -> DatasetDecision:
    matches = tuple(_settle_match(each.dataset.uid, match, settled) for match in each.matches)
    return each.model_copy(update={"matches": matches})


def _settle_match(uid: str, match: Match, settled: Mapping[_Key, str]) -> Match:
    reason = settled.get((uid, match.template_id))
    if reason is None or match.outcome != "MATCH":
        return match
    return match.model_copy(update={"outcome": "SKIPPED", "reason": reason})
