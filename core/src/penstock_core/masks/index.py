"""Thousands of selectors against one name: only those are tried whose literal stands in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import ahocorasick

from penstock_core.masks.glob import Mask
from penstock_core.masks.selector import Decision, Selector

K = TypeVar("K")

_Entry = tuple[Mask, tuple[int, ...]]
"""A mask, and the ordinals of the selectors that have it."""

BEGIN, END = "^", "$"
"""Stand around a name while it is searched, so that a literal may say that it begins or ends it."""


class MaskIndex(Generic[K]):
    """Finds all selectors that take a dataset; answers as if each were tried, in their order.

    Each mask waits under the rarest of its literals (of equals the longest), and is tried on the
    names that hold it; a mask without a literal is tried on every name.
    """

    def __init__(self, selectors: Mapping[K, Selector]) -> None:
        self._keys = list(selectors)
        self._selectors = list(selectors.values())
        entries = _owners(self._selectors)
        self._groups = _group_by_literal(entries)
        self._always = self._groups.pop("", [])
        self._by_literal = list(self._groups.values())
        self._finder = _finder(self._groups)

    def candidates(self, name: str) -> list[K]:
        """Return the keys of those selectors of which some mask fits the name."""
        return [self._keys[ordinal] for ordinal in self._fitting(name)]

    def match(
        self, name: str, namespace: str = "default", metadata: Mapping[str, object] | None = None
    ) -> list[tuple[K, Decision]]:
        """Return key and decision of every selector that takes the dataset."""
        found = []
        for ordinal in self._fitting(name):
            decision = self._selectors[ordinal].decide(name, namespace, metadata or {})
            if decision.matched:
                found.append((self._keys[ordinal], decision))
        return found

    def _fitting(self, name: str) -> list[int]:
        fitting: set[int] = set()
        for mask, owners in self._to_try(name):
            if mask.fits(name):
                fitting.update(owners)
        return sorted(fitting)

    def _to_try(self, name: str) -> Iterator[_Entry]:
        yield from self._always
        if self._finder:
            for group in {group for _, group in self._finder.iter(f"{BEGIN}{name}{END}")}:
                yield from self._by_literal[group]


def _owners(selectors: Iterable[Selector]) -> list[_Entry]:
    """Return each different mask once, with all that have it."""
    owners: dict[Mask, list[int]] = {}
    for ordinal, selector in enumerate(selectors):
        for mask in selector.masks:
            owners.setdefault(mask, []).append(ordinal)
    return [(mask, tuple(ordinals)) for mask, ordinals in owners.items()]


def _group_by_literal(entries: Iterable[_Entry]) -> dict[str, list[_Entry]]:
    """Return the masks under the literal that each waits for; under '' those that have none."""
    known = [(entry, list(literals(entry[0]))) for entry in entries]
    uses = Counter(literal for _, found in known for literal in found)
    groups: dict[str, list[_Entry]] = {}
    for entry, found in known:
        rarest = min(found, key=lambda literal: (uses[literal], -len(literal)), default="")
        groups.setdefault(rarest, []).append(entry)
    return groups


def literals(mask: Mask) -> Iterator[str]:
    """Yield the unbroken literal stretches of a mask, one at an end with that end's mark."""
    stretch = BEGIN
    for atom in mask.atoms:
        if len(atom.chars) == 1:
            stretch += next(iter(atom.chars))
            continue
        if stretch.strip(BEGIN):
            yield stretch
        stretch = ""
    if stretch.strip(BEGIN):
        yield stretch + END


def _finder(groups: Iterable[str]) -> "ahocorasick.Automaton | None":
    """Return a machine that finds every literal in a text in one pass, or None without literals."""
    finder = ahocorasick.Automaton()
    for number, literal in enumerate(groups):
        finder.add_word(literal, number)
    if not len(finder):
        return None
    finder.make_automaton()
    return finder
