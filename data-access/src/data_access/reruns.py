"""Chains made again, by the same version of their template or by the one that is ACTUAL now.

A rerun is a workflow of its own, ``.try{k}``: nothing of an earlier one is touched. ``k`` counts
over all versions of the template's name, so that no two tries on a dataset are called alike.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.bulk import chunks
from data_access.content import caught
from data_access.counters import Counters
from data_access.dataset_refs import read_refs
from data_access.making import Chain, make_chains
from data_access.plans import Clash
from data_access.schema import template, workflow
from data_access.versions import Version, read_versions
from data_access.workflow_rows import no_workflow, read_workflow
from penstock_core.contracts.workflow import DatasetRef, RerunRequest, WorkflowRow
from penstock_core.errors import Conflict, PenstockError
from penstock_core.states import DatasetState, TemplateStatus
from penstock_core.store import Store

Which = Literal["same", "newest"]
_Old = Mapping[str, Any]


async def rerun(store: Store, workflow_id: int, asked: RerunRequest, actor: str) -> WorkflowRow:
    """Return the new chain of one workflow's template and dataset; raises why there is none."""
    async with store.write() as connection:
        counters = await Counters.lock(connection)
        if repeated := await _repeated(connection, asked.idempotency_key):
            return await read_workflow(connection, repeated)
        made = await rerun_workflows(
            connection, counters, [workflow_id], actor=actor, **asked.model_dump()
        )
        outcome = made[workflow_id]
        if isinstance(outcome, PenstockError):
            raise outcome
        return await read_workflow(connection, outcome)


async def rerun_workflows(
    connection: AsyncConnection,
    counters: Counters,
    workflow_ids: Collection[int],
    *,
    version: Which,
    actor: str,
    because: str,
    idempotency_key: str = "",
) -> dict[int, int | PenstockError]:
    """Make these workflows' chains again; return by workflow the new one's id, or why not.

    In the caller's transaction, under the locked counters, in the order of the ids.
    """
    olds = await _read(connection, workflow_ids)
    done: dict[int, int | PenstockError] = {
        number: no_workflow(number) for number in workflow_ids if number not in olds
    }
    versions = await _versions(connection, olds.values(), version)
    refs = await read_refs(connection, {old["dataset_id"] for old in olds.values()})
    tries = await _Tries.read(connection, olds.values())
    planned: dict[int, Chain] = {}
    for number, old in sorted(olds.items()):
        ref = refs[old["dataset_id"]]
        try:
            by = _version_for(old, versions, version)
            _refuse_deleted(ref)
            plan = by.plan(ref, caught(by.content, ref), tries.next(old))
            planned[number] = Chain(plan, ref, by.origin(actor, because, idempotency_key))
        except PenstockError as error:
            done[number] = error
    made = await make_chains(connection, counters, list(planned.values()))
    for number, outcome in zip(planned, made.outcomes, strict=True):
        done[number] = _clash(outcome) if isinstance(outcome, Clash) else outcome
    return done


async def _repeated(connection: AsyncConnection, key: str) -> int | None:
    if not key:
        return None
    query = select(workflow.c.workflow_id).where(workflow.c.idempotency_key == key)
    return await connection.scalar(query)


async def _read(connection: AsyncConnection, numbers: Collection[int]) -> dict[int, _Old]:
    w = workflow.c
    found: dict[int, _Old] = {}
    for some in chunks(set(numbers)):
        query = (
            select(w.workflow_id, w.template_id, w.dataset_id, template.c.name)
            .outerjoin(template, template.c.template_id == w.template_id)
            .where(w.workflow_id.in_(some))
        )
        for row in (await connection.execute(query)).mappings():
            found[row["workflow_id"]] = dict(row)
    return found


async def _versions(
    connection: AsyncConnection, olds: Collection[_Old], which: Which
) -> dict[str | int, Version]:
    """Return the versions that are called for: the same ones by id, the ACTUAL ones by name."""
    if which == "same":
        wanted = {old["template_id"] for old in olds if old["template_id"] is not None}
        return dict((await read_versions(connection, wanted)).items())
    names = {old["name"] for old in olds if old["name"] is not None}
    actual: set[int] = set()
    for some in chunks(names):
        query = select(template.c.template_id).where(
            template.c.name.in_(some), template.c.status == TemplateStatus.ACTUAL
        )
        actual.update((await connection.execute(query)).scalars())
    found = await read_versions(connection, actual)
    return {version.entry.name: version for version in found.values()}


def _version_for(old: _Old, versions: Mapping[str | int, Version], which: Which) -> Version:
    if old["template_id"] is None:
        raise Conflict(
            f"Workflow {old['workflow_id']} is a task that was submitted by itself.",
            hint="Submit it anew: POST /task/create.",
        )
    found = versions.get(old["template_id"] if which == "same" else old["name"])
    if found is None:
        raise Conflict(
            f"No version of template {old['name']} is ACTUAL.",
            hint='Rerun with version "same", or make one ACTUAL: PUT /template/{id}/change.',
        )
    return found


def _refuse_deleted(ref: DatasetRef) -> None:
    if ref.state is DatasetState.DELETED:
        raise Conflict(
            f"Dataset {ref.name} was deleted, so nothing can read it again.",
            hint="GET /dataset?name=… shows its state.",
        )


class _Tries:
    """The highest try of each template name on each dataset, counted on."""

    def __init__(self, highest: dict[tuple[str, int], int]) -> None:
        self._highest = highest

    @classmethod
    async def read(cls, connection: AsyncConnection, olds: Collection[_Old]) -> "_Tries":
        datasets = {old["dataset_id"] for old in olds}
        highest: dict[tuple[str, int], int] = {}
        for some in chunks(datasets):
            query = (
                select(template.c.name, workflow.c.dataset_id, func.max(workflow.c.rerun))
                .join(template, template.c.template_id == workflow.c.template_id)
                .where(workflow.c.dataset_id.in_(some))
                .group_by(template.c.name, workflow.c.dataset_id)
            )
            for name, number, tries in await connection.execute(query):
                highest[name, number] = tries
        return cls(highest)

    def next(self, old: _Old) -> int:
        key = (old["name"], old["dataset_id"])
        self._highest[key] = self._highest.get(key, 0) + 1
        return self._highest[key]


def _clash(clash: Clash) -> Conflict:
    return Conflict(clash.reason, hint="See GET /dataset?name=…")
