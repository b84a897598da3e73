"""Which templates take a dataset, and why the others do not."""

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
from penstock_core.states import DatasetKind, TemplateStatus


class Matcher:
    """Decides on datasets by one revision of the catalogue; make a new one for a new revision."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.revision = catalogue.revision
        self._entries = dict(enumerate(catalogue.templates))
        self._selectors = {key: _selector(entry) for key, entry in self._entries.items()}
        self._index = MaskIndex(self._selectors)

    def decide(self, dataset: DatasetRef) -> tuple[Match, ...]:
        """Return each template that takes the dataset, in the order of their ids."""
        found = self._index.match(dataset.seen_as, dataset.namespace, _facts(dataset))
        matches = (
            Match(
                template_id=self._entries[key].template_id,
                outcome=_outcome(self._entries[key]),
                captures=dict(decision.captures),
                reason=decision.reason,
            )
            for key, decision in found
            if not _not_for(self._entries[key], dataset)
        )
        return tuple(sorted(matches, key=lambda match: match.template_id))

    def explain(self, dataset: DatasetRef, template_id: int) -> ExplainedMatch:
        """Return why a template takes a dataset or does not; raises ``NotFound``."""
        keys = [k for k, entry in self._entries.items() if entry.template_id == template_id]
        if not keys:
            raise NotFound(
                f"Template {template_id} is not in revision {self.revision} of the catalogue.",
                hint="Only templates that are ACTUAL or SHADOW are matched.",
            )
        key = min(keys, key=lambda k: bool(_not_for(self._entries[k], dataset)))
        entry = self._entries[key]
        decision = self._selectors[key].decide(dataset.seen_as, dataset.namespace, _facts(dataset))
        matched, clause, reason = decision.matched, decision.clause, decision.reason
        if matched and (out := _not_for(entry, dataset)):
            matched, clause, reason = False, *out
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
    return {"name": dataset.seen_as, **dataset.metadata}


def _not_for(entry: CatalogueEntry, dataset: DatasetRef) -> tuple[str, str] | None:
    """Return the clause and the reason why a version leaves a dataset alone that its masks fit."""
    if not dataset.processing:
        reason = f"its files came after {dataset.seen_as} had closed; its rule archives them only"
        return "late = archive", reason
    if dataset.kind is not DatasetKind.INPUT and not entry.takes_outputs:
        return "takes_outputs false", f"it takes inputs only; this dataset is an {dataset.kind}"
    registered = dataset.registered_at.isoformat()
    if dataset.registered_at < entry.effective_from:
        clause = f"effective_from {entry.effective_from.isoformat()}"
        return clause, f"the dataset was registered before, at {registered}"
    if entry.effective_until is not None and dataset.registered_at >= entry.effective_until:
        clause = f"effective_until {entry.effective_until.isoformat()}"
        return clause, f"the dataset was registered after, at {registered}"
    return None


def _outcome(entry: CatalogueEntry) -> Literal["MATCH", "SHADOW"]:
    return "SHADOW" if entry.status is TemplateStatus.SHADOW else "MATCH"
