"""What a task-generator decided on one stretch of the storage manager's log, stored as one."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks, upsert
from data_access.counters import Counters
from data_access.making import Chain, make_chains
from data_access.plans import Clash, Origin
from data_access.readiness import copy_states
from data_access.schema import dataset, decision, examined, log, template
from data_access.settled import keep_settled
from penstock_core.among import among
from penstock_core.clock import now
from penstock_core.contracts.workflow import (
    DatasetDecision,
    DatasetRef,
    GeneratedBatch,
    GeneratedResult,
    Match,
    PlannedWorkflow,
)
from penstock_core.errors import InvalidInput, Stale
from penstock_core.store import Store


async def store_generated(store: Store, batch: GeneratedBatch) -> GeneratedResult:
    """Store decisions, workflows and the cursor in one transaction; raises ``Stale``."""
    refs = _refs(batch)
    async with store.write() as connection:
        counters = await Counters.lock(connection)
        await log.move(connection, batch.follower, batch.expected, batch.cursor)
        origins = await _origins(connection, batch)
        batch = await keep_settled(connection, batch)
        chains = [
            Chain(plan, _ref(plan, refs), origins[plan.template_id]) for plan in batch.workflows
        ]
        made = await make_chains(connection, counters, chains)
        await _store_decisions(connection, batch, made.clashes)
        chained = {plan.dataset_uid for plan in batch.workflows}
        await _copy_known(connection, {u: r for u, r in refs.items() if u not in chained})
    return GeneratedResult(cursor=batch.cursor, workflow_ids=made.workflow_ids)


def _refs(batch: GeneratedBatch) -> dict[str, DatasetRef]:
    return {each.dataset.uid: each.dataset for each in batch.decisions}


def _ref(plan: PlannedWorkflow, refs: Mapping[str, DatasetRef]) -> DatasetRef:
    ref = refs.get(plan.dataset_uid)
    if ref is None:
        raise InvalidInput(
            f"A workflow of template {plan.template_id} is on dataset {plan.dataset_uid}, "
            "on which this batch has no decision.",
            hint="Send the decision on a dataset along with its workflows.",
            field="workflows",
        )
    return ref


async def _origins(connection: AsyncConnection, batch: GeneratedBatch) -> dict[int, Origin]:
    """Return what each template of the batch runs; one that is gone makes the batch stale."""
    wanted = {plan.template_id for plan in batch.workflows}
    wanted |= {match.template_id for each in batch.decisions for match in each.matches}
    columns = (template.c.template_id, template.c.recipe_digest)
    found: dict[int, Origin] = {}
    for some in chunks(wanted):
        query = select(*columns).where(among(template.c.template_id, some))
        for number, digest in await connection.execute(query):
            found[number] = Origin(digest, template_id=number)
    if missing := sorted(wanted - found.keys()):
        raise Stale(
            f"Template {missing[0]} is not there (any more).",
            hint="Read the catalogue again and decide anew.",
            facts={"templates": missing},
        )
    return found


async def _store_decisions(
    connection: AsyncConnection, batch: GeneratedBatch, clashes: Iterable[Clash]
) -> None:
    """Store a row for each dataset, and one for each match; what was settled stays."""
    if not batch.decisions:
        return
    at = now().isoformat()
    looked_at = [
        {
            "dataset_uid": each.dataset.uid,
            "dataset": each.dataset.model_dump(mode="json"),
            "namespace": each.dataset.namespace,
            "name": each.dataset.seen_as,
            "kind": each.dataset.kind,
            "run": _run(each.dataset),
            "registered_at": registration(each.dataset.registered_at),
            "catalogue_revision": batch.catalogue_revision,
            "decided_at": at,
        }
        for each in batch.decisions
    ]
    newer = ("dataset", "catalogue_revision", "decided_at")
    await upsert(connection, examined, looked_at, ("dataset_uid",), newer)
    matches = _with_clashes(batch.decisions, clashes)
    await store_matches(connection, matches, keep=("MATCH", "SKIPPED"))


def registration(moment: datetime) -> str:
    """Return a time of registration as it is stored: in text of one length, to sort by."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _run(ref: DatasetRef) -> int | None:
    """Return the run that the metadata name, if it is a number that the column takes."""
    run = str(ref.metadata.get("run", ""))
    return int(run) if run.isdecimal() and len(run) < 19 else None


async def store_matches(
    connection: AsyncConnection, matches: Iterable[tuple[str, Match]], keep: Iterable[str]
) -> None:
    """Store matches by dataset; one that is there with an outcome to ``keep`` is left alone."""
    rows = ({"dataset_uid": uid, **match.model_dump()} for uid, match in matches)
    key, newer = ("dataset_uid", "template_id"), ("outcome", "captures", "reason")
    open_ = and_(*(decision.c.outcome != outcome for outcome in keep))
    await upsert(connection, decision, rows, key, newer, open_)


def _with_clashes(
    decisions: Iterable[DatasetDecision], clashes: Iterable[Clash]
) -> Iterator[tuple[str, Match]]:
    clash = {(c.plan.dataset_uid, c.plan.template_id): c.reason for c in clashes}
    for each in decisions:
        for match in each.matches:
            reason = clash.get((each.dataset.uid, match.template_id))
            own = {"outcome": "CONFLICT", "reason": reason} if reason else {}
            yield each.dataset.uid, match.model_copy(update=own)


async def _copy_known(connection: AsyncConnection, refs: Mapping[str, DatasetRef]) -> None:
    """Copy the states that the decisions saw to those of these datasets that have an id."""
    known: set[str] = set()
    for some in chunks(refs):
        query = select(dataset.c.uid).where(among(dataset.c.uid, some))
        known.update((await connection.execute(query)).scalars())
    await copy_states(connection, [refs[uid].copied() for uid in known])
