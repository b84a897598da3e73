"""Which rule applies to a dataset: of those that operators set, else one that is built in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from sqlalchemy import Row

from penstock_core.contracts.closing import AppliedRule, ConsideredRule, Policy, Rule
from penstock_core.masks import MaskIndex, Selector
from penstock_core.states import DatasetKind

BUILT_IN = "default-"
"""How the names of built-in rules begin, and no others."""

_ANY = ("*",)
_WAIT = Policy(incomplete="wait")
_RUN = Rule(name=f"{BUILT_IN}run", masks=_ANY, policy=Policy(idle_timeout_s=3600))
_OTHERS = {
    kind: Rule(name=f"{BUILT_IN}{kind}", masks=_ANY, kind=kind, policy=_WAIT)
    for kind in DatasetKind
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """What rules see of a dataset: its logical name, and whether runs of the DAQ fill it."""

    name: str
    namespace: str
    kind: DatasetKind
    of_run: bool = False

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Return what rules see of the dataset in a row."""
        return cls(row.logical, row.namespace, DatasetKind(row.kind), row.of_run)


def built_in_rules() -> tuple[Rule, ...]:
    """Return the rules that apply where no other does."""
    return (_RUN, *_OTHERS.values())


class Rulebook:
    """All rules that operators have set, in the order in which they are asked."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = sorted(rules, key=lambda rule: (-rule.priority, rule.name))
        self._selectors = [selector_of(rule) for rule in self._rules]
        self._index = MaskIndex(dict(enumerate(self._selectors)))

    def applied(self, dataset: Candidate) -> AppliedRule:
        """Return the rule that applies to ``dataset``, with its policy in full."""
        base = _RUN if dataset.of_run else _OTHERS[dataset.kind]
        for place, _ in self._index.match(dataset.name, dataset.namespace):
            rule = self._rules[place]
            if rule.kind is dataset.kind:
                return AppliedRule(rule=rule.name, policy=rule.policy.over(base.policy))
        return AppliedRule(rule=base.name, policy=base.policy)

    def test(self, dataset: Candidate) -> AppliedRule:
        """Return the same, with each rule that was asked, and why it takes it or does not."""
        applied = self.applied(dataset)
        considered = tuple(self._consider(dataset, applied.rule))
        return applied.model_copy(update={"considered": considered})

    def _consider(self, dataset: Candidate, applied: str) -> Iterator[ConsideredRule]:
        for rule, selector in zip(self._rules, self._selectors, strict=True):
            decision = selector.decide(dataset.name, dataset.namespace)
            takes, reason = decision.matched, decision.reason
            if rule.kind is not dataset.kind:
                takes, reason = False, f"takes {rule.kind} datasets; this one is {dataset.kind}"
            yield ConsideredRule(rule=rule.name, takes=takes, reason=reason)
            if rule.name == applied:
                return
        yield ConsideredRule(rule=applied, takes=True, reason="no other rule takes it")


def selector_of(rule: Rule) -> Selector:
    """Return what a rule takes; raises ``InvalidMask``."""
    return Selector.parse(rule.masks, rule.exclude, namespace=rule.namespace)


@lru_cache(maxsize=8)
def rulebook_of(rules: tuple[Rule, ...]) -> Rulebook:
    """Return these rules ready to be asked; the same rules give the same book."""
    return Rulebook(rules)
