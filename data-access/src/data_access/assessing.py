"""What would become of datasets if a version took them; for preview, backfill and shadow alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.counters import NAMES, Counters
from data_access.dataset_refs import newest_states
from data_access.making import Chain, endless_chains, known_datasets
from data_access.plans import Clash, Key, Known, Planner, Rows
from data_access.schema import PENDING, backfill, backfill_row, dataset, template, workflow
from data_access.versions import Version
from penstock_core.contracts.workflow import (
    BackfillRow,
    Catalogue,
    DatasetRef,
    Match,
    PlannedWorkflow,
)
from penstock_core.contracts.workflow.history import BackfillOutcome
from penstock_core.errors import PenstockError
from penstock_core.states import DatasetState, TemplateStatus
from recipe.matching import Matcher


@dataclass(frozen=True, slots=True)
class Assessed:
    """One dataset: what would become of it, and the chain where one would be made."""

    ref: DatasetRef
    outcome: BackfillOutcome
    reason: str = ""
    workflow_id: int | None = None
    captures: Mapping[str, str] | None = None
    plan: PlannedWorkflow | None = None

    def row(self) -> BackfillRow:
        """Return what a preview shows of it."""
        return BackfillRow(
            dataset_uid=self.ref.uid,
            dataset=self.ref.name,
            namespace=self.ref.namespace,
            registered_at=self.ref.registered_at,
            outcome=self.outcome,
            reason=self.reason,
            workflow_id=self.workflow_id,
        )


Picks = Callable[[Assessed], bool]
_Taken = tuple[int | None, str]
"""A workflow, null where it is about to be made, and that in words."""


class Assessor:
    """Looks at datasets as if a version, whatever its time, took them one after another.

    Nothing is written. Names that it gave to one dataset's outputs are taken for the next.

    Parameters
    ----------
    version
        The version that is to take them.
    missing_only
        Whether a dataset that another version of its template took counts as taken.
    """

    def __init__(self, version: Version, *, missing_only: bool = False) -> None:
        self._version = version
        self._missing_only = missing_only
        always = {
            "status": TemplateStatus.ACTUAL,
            "effective_from": datetime.min.replace(tzinfo=UTC),
            "effective_until": None,
        }
        entry = version.entry.model_copy(update=always)
        self._matcher = Matcher(Catalogue(revision=0, templates=(entry,)))
        self._known: dict[Key, Known] = {}
        self._planner = Planner(Counters(dict.fromkeys(NAMES, 0)), self._known, "")

    async def assess(
        self, connection: AsyncConnection, refs: Sequence[DatasetRef], picks: Picks = lambda _: True
    ) -> list[Assessed]:
        """Return what would become of each of which ``picks`` says so, in their order."""
        uids = {ref.uid for ref in refs}
        states = await newest_states(connection, uids)
        taken = await taken_by(connection, self._version, uids)
        now = [ref.model_copy(update={"state": states.get(ref.uid, ref.state)}) for ref in refs]
        found = [self._match(ref, taken.get(ref.uid, {})) for ref in now]
        return await self._plan(connection, [each for each in found if picks(each)])

    def why_not(self, ref: DatasetRef) -> str:
        """Return why the version does not take a dataset: slow, for those that are shown."""
        return self._matcher.explain(ref, self._version.entry.template_id).reason

    def _match(self, ref: DatasetRef, taken: Mapping[int, _Taken]) -> Assessed:
        matches = self._matcher.decide(ref)
        if not matches:
            return Assessed(ref, "NO_MATCH")
        if ref.state is DatasetState.DELETED:
            return Assessed(ref, "CONFLICT", "the dataset was deleted", captures=_of(matches))
        own = taken.get(self._version.entry.template_id)
        other = next(iter(taken.values()), None)
        if own or (other and self._missing_only):
            number, reason = own or other or (None, "")
            return Assessed(ref, "THERE", reason, number, _of(matches))
        return Assessed(ref, "NEW", other[1] if other else "", captures=_of(matches))

    async def _plan(self, connection: AsyncConnection, found: list[Assessed]) -> list[Assessed]:
        """Return them with the chains of those that are new, or the reason why there is none."""
        planned = [self._chain(each) if each.outcome == "NEW" else each for each in found]
        origin = self._version.origin("", "")
        chains = {
            n: Chain(each.plan, each.ref, origin) for n, each in enumerate(planned) if each.plan
        }
        wanted = list(chains.values())
        for key, row in (await known_datasets(connection, wanted, lock=False)).items():
            self._known.setdefault(key, row)
        endless = await endless_chains(connection, wanted, self._known)
        for place, (n, chain) in enumerate(chains.items()):
            added = endless.get(place) or self._planner.add(chain.plan, chain.masked, origin)
            if isinstance(added, Clash):
                planned[n] = replace(planned[n], outcome="CONFLICT", reason=added.reason, plan=None)
        self._planner.rows = Rows()
        return planned

    def _chain(self, each: Assessed) -> Assessed:
        try:
            return replace(each, plan=self._version.plan(each.ref, each.captures or {}))
        except PenstockError as error:
            return replace(each, outcome="CONFLICT", reason=str(error))


def _of(matches: Sequence[Match]) -> Mapping[str, str]:
    return matches[0].captures


async def taken_by(
    connection: AsyncConnection, version: Version, uids: set[str]
) -> dict[str, dict[int, _Taken]]:
    """Return by dataset and version of the name the workflow that is, or is about to be, there."""
    same_name = template.c.name == version.entry.name
    w = workflow.c
    made: Any = (
        select(dataset.c.uid, w.template_id, template.c.version, w.workflow_id)
        .join(workflow, w.dataset_id == dataset.c.dataset_id)
        .join(template, template.c.template_id == w.template_id)
        .where(dataset.c.uid.in_(uids), same_name)
        .order_by(w.workflow_id)
    )
    r = backfill_row.c
    about: Any = (
        select(r.dataset_uid, template.c.template_id, template.c.version, r.backfill_id)
        .join(backfill, backfill.c.backfill_id == r.backfill_id)
        .join(template, template.c.template_id == backfill.c.template_id)
        .where(text(PENDING), r.dataset_uid.in_(uids), same_name)
    )
    taken: dict[str, dict[int, _Taken]] = {}
    for uid, template_id, number, workflow_id in await connection.execute(made):
        reason = f"version {number} made workflow {workflow_id} of it"
        taken.setdefault(uid, {})[template_id] = (workflow_id, reason)
    for uid, template_id, number, backfill_id in await connection.execute(about):
        reason = f"backfill {backfill_id} is about to have version {number} take it"
        taken.setdefault(uid, {}).setdefault(template_id, (None, reason))
    return taken
