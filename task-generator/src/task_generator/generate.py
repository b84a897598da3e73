"""From a stretch of the storage manager's log to decisions and workflows: a function of values."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from penstock_core.contracts.base import Event
from penstock_core.contracts.dsm import Dataset
from penstock_core.contracts.workflow import (
    Catalogue,
    CatalogueEntry,
    DatasetDecision,
    DatasetRef,
    Match,
    PlannedWorkflow,
)
from penstock_core.errors import PenstockError
from penstock_core.states import DatasetKind, DatasetState
from recipe.catch_up import place_of, why_skipped
from recipe.matching import Matcher
from recipe.model import Recipe
from recipe.plan import plan


def told_datasets(events: Iterable[Event]) -> tuple[DatasetRef, ...]:
    """Return the datasets that ``events`` tell of, each once, as its last event has it; no logs.

    They come in the order of their first event, which is the order of arrival. Datasets that
    were deleted meanwhile are left out.
    """
    newest: dict[str, Dataset] = {}
    for event in events:
        dataset = Dataset.model_validate(event.body)
        if dataset.kind is not DatasetKind.LOG:
            newest[dataset.uid] = dataset
    return tuple(
        DatasetRef.of(dataset)
        for dataset in newest.values()
        if dataset.state != DatasetState.DELETED
    )


def told_at(events: Iterable[Event]) -> dict[str, datetime]:
    """Return by uid when the first of ``events`` told of each dataset."""
    first: dict[str, datetime] = {}
    for event in events:
        first.setdefault(event.key, datetime.fromisoformat(event.at))
    return first


def decide(matcher: Matcher, datasets: Iterable[DatasetRef]) -> tuple[DatasetDecision, ...]:
    """Return the decision on each dataset, in their order."""
    return tuple(DatasetDecision(dataset=d, matches=matcher.decide(d)) for d in datasets)


def matched(decisions: Iterable[DatasetDecision]) -> set[int]:
    """Return the templates that take any of these datasets."""
    return {
        match.template_id
        for decision in decisions
        for match in decision.matches
        if match.outcome == "MATCH"
    }


def chains(
    decisions: Iterable[DatasetDecision],
    catalogue: Catalogue,
    recipes: Mapping[str, Recipe],
    told: Mapping[str, datetime],
    moment: datetime,
) -> tuple[tuple[DatasetDecision, ...], tuple[PlannedWorkflow, ...]]:
    """Return the decisions, and the workflow of each match; ``recipes`` are by digest.

    ``told`` says by uid when the storage manager first told of a dataset, ``moment`` is now. A
    chain that cannot be made is a decision too: its match becomes a CONFLICT with the reason, so
    that one dataset holds up no other; so is one that is left to a backfill, SKIPPED.
    """
    by_template = {e.template_id: (e, recipes.get(e.recipe_digest)) for e in catalogue.templates}
    settled: list[DatasetDecision] = []
    workflows: list[PlannedWorkflow] = []
    for decision in decisions:
        matches = []
        at = told.get(decision.dataset.uid, moment)
        for match in decision.matches:
            entry, recipe = by_template[match.template_id]
            after, workflow = _chain(decision.dataset, match, entry, recipe, at, moment)
            matches.append(after)
            workflows += [workflow] if workflow else []
        settled.append(decision.model_copy(update={"matches": tuple(matches)}))
    return tuple(settled), tuple(workflows)


def _chain(
    dataset: DatasetRef,
    match: Match,
    entry: CatalogueEntry,
    recipe: Recipe | None,
    told: datetime,
    moment: datetime,
) -> tuple[Match, PlannedWorkflow | None]:
    """Return the match and its workflow; or, where none is made, what else it is."""
    if match.outcome != "MATCH" or recipe is None:
        return match, None
    if reason := why_skipped(entry, told, moment):
        return match.model_copy(update={"outcome": "SKIPPED", "reason": reason}), None
    try:
        planned = plan(recipe, entry, dataset, match.captures)
        behind = place_of(entry, dataset, told, moment)
        return match, planned.model_copy(update={"behind": behind})
    except PenstockError as error:
        return match.model_copy(update={"outcome": "CONFLICT", "reason": str(error)}), None
