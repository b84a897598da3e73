"""From a stretch of the storage manager's log to decisions and workflows: a function of values."""

from collections.abc import Iterable, Mapping

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
from penstock_core.states import DatasetKind, DatasetState
from recipe.matching import Matcher
from recipe.model import Recipe
from recipe.plan import plan


def input_datasets(events: Iterable[Event]) -> tuple[DatasetRef, ...]:
    """Return the input datasets that ``events`` tell of, each once, as its last event has it.

    They come in the order of their first event, which is the order of arrival. Datasets that
    were deleted meanwhile are left out.
    """
    newest: dict[str, Dataset] = {}
    for event in events:
        dataset = Dataset.model_validate(event.body)
        if dataset.kind is DatasetKind.INPUT:
            newest[dataset.uid] = dataset
    return tuple(
        DatasetRef.of(dataset)
        for dataset in newest.values()
        if dataset.state != DatasetState.DELETED
    )


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
) -> tuple[PlannedWorkflow, ...]:
    """Return the workflow of each match; ``recipes`` are by digest."""
    entries = {entry.template_id: entry for entry in catalogue.templates}
    return tuple(
        _chain(entries[match.template_id], decision.dataset, match, recipes)
        for decision in decisions
        for match in decision.matches
        if match.outcome == "MATCH"
    )


def _chain(
    entry: CatalogueEntry, dataset: DatasetRef, match: Match, recipes: Mapping[str, Recipe]
) -> PlannedWorkflow:
    return plan(recipes[entry.recipe_digest], entry, dataset, match.captures)
