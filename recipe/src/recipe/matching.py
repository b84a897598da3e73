"""Which templates take a dataset, and why the others do not."""

from datetime import datetime
from typing import Literal

from penstock_core.contracts.workflow import (
    Catalogue,
    CatalogueEntry,
    DatasetRef,
    ExplainedMatch,
    Match,
)
from penstock_core.errors import NotFound
from penstock_core.masks import MaskIndex, Selector
from penstock_core.states import TemplateStatus


class Matcher:
    """Decides on datasets by one revision of the catalogue; make a new one for a new revision."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.revision = catalogue.revision
        self._entries = {entry.template_id: entry for entry in catalogue.templates}
        self._selectors = {key: _selector(entry) for key, entry in self._entries.items()}
        self._index = MaskIndex(self._selectors)

    def decide(self, dataset: DatasetRef) -> tuple[Match, ...]:
        """Return each template that takes the dataset, in the order of their ids."""
        found = self._index.match(dataset.name, dataset.namespace, _facts(dataset))
        matches = (
            Match(
                template_id=key,
                outcome=_outcome(self._entries[key]),
                captures=dict(decision.captures),
                reason=decision.reason,
            )
            for key, decision in found
            if _is_effective(self._entries[key], dataset.registered_at)
        )
        return tuple(sorted(matches, key=lambda match: match.template_id))

    def explain(self, dataset: DatasetRef, template_id: int) -> ExplainedMatch:
        """Return why a template takes a dataset or does not; raises ``NotFound``."""
        entry = self._entries.get(template_id)
        if entry is None:
            raise NotFound(
                f"Template {template_id} is not in revision {self.revision} of the catalogue.",
                hint="Only templates that are ACTUAL or SHADOW are matched.",
            )
        decision = self._selectors[template_id].decide(
            dataset.name, dataset.namespace, _facts(dataset)
        )
        matched, clause, reason = decision.matched, decision.clause, decision.reason
        if matched and not _is_effective(entry, dataset.registered_at):
            matched, clause = False, f"effective_from {entry.effective_from.isoformat()}"
            reason = f"the dataset was registered before, at {dataset.registered_at.isoformat()}"
        return ExplainedMatch(
            template_id=template_id,
            template=entry.name,
            matched=matched,
            clause=clause,
            reason=reason,
        )


def _selector(entry: CatalogueEntry) -> Selector:
    return Selector.parse(entry.masks, entry.exclude, entry.where, entry.namespace)


def _facts(dataset: DatasetRef) -> dict[str, object]:
    """Return what conditions may speak of, besides the captures of the mask."""
    return {"name": dataset.name, **dataset.metadata}


def _is_effective(entry: CatalogueEntry, registered_at: datetime) -> bool:
    return entry.effective_from <= registered_at


def _outcome(entry: CatalogueEntry) -> Literal["MATCH", "SHADOW"]:
    return "SHADOW" if entry.status is TemplateStatus.SHADOW else "MATCH"
