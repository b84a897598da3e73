"""Whether templates that take outputs could go on for ever: a proof over masks, before any data.

What a template makes is a mask too: its output patterns, with the masks of its input and anything
for the rest. A loop is a way from a template back to itself along "could take what that makes".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from penstock_core.masks import Mask, Selector, overlap
from penstock_core.masks.glob import NAME_CHARS, Atom
from penstock_core.masks.inclusion import is_swallowed
from penstock_core.masks.selector import ANY_NAMESPACE
from recipe.model import Recipe
from recipe.plan import without_foreign

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ANYTHING = Atom(NAME_CHARS, many=True, column=0)
_DIGITS = frozenset("0123456789")
_NUMBER = (Atom(_DIGITS, many=False, column=0), Atom(_DIGITS, many=True, column=0))


def _literal(text: str) -> tuple[Atom, ...]:
    return tuple(Atom(frozenset(char), many=False, column=0) for char in text)


_TRY = (*_literal(".try"), *_NUMBER)
_MEMBER = (*_literal("."), Atom(frozenset("sd"), many=False, column=0), *_NUMBER)


@dataclass(frozen=True, slots=True)
class Node:
    """A template that takes outputs: its name, what it takes, and what it may make."""

    name: str
    takes: Selector
    makes: tuple[Mask, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Templates in the order in which each feeds the next, the last the first; and an example."""

    names: tuple[str, ...]
    example: str


def node_of(name: str, takes: Selector, recipe: Recipe) -> Node:
    """Return a template as the proof sees it."""
    return Node(name, takes, tuple(_makes(name, takes, recipe)))


def find_loop(start: Node, others: Sequence[Node]) -> Loop | None:
    """Return a shortest loop through ``start``, or None where there is none."""
    todo: list[tuple[Node, tuple[str, ...], str]] = [(start, (start.name,), "")]
    met: set[str] = set()
    for node, names, first in todo:
        example = feeds(node, start)
        if example:
            return Loop(names, first or example)
        for other in others:
            example = "" if other.name in met else feeds(node, other)
            if example:
                met.add(other.name)
                todo.append((other, (*names, other.name), first or example))
    return None


def feeds(maker: Node, taker: Node) -> str:
    """Return a name that ``maker`` could make and ``taker`` take, or "" where there is none."""
    namespaces = {maker.takes.namespace, taker.takes.namespace}
    if len(namespaces) > 1 and ANY_NAMESPACE not in namespaces:
        return ""
    for made in maker.makes:
        if taker.takes.exclude and is_swallowed(made, taker.takes.exclude):
            continue
        for mask in taker.takes.masks:
            if example := overlap(made, mask):
                return example
    return ""


def _makes(name: str, takes: Selector, recipe: Recipe) -> Iterator[Mask]:
    """Yield what each step makes of each mask: of successors and deltas, by reruns, too."""
    for step in recipe.steps:
        words = {"template": name, "step": step.name}
        pattern = _filled(step.output_pattern, words)
        for mask, member, again in product(takes.masks, ((), _MEMBER), ((), _TRY)):
            of_input = (*mask.atoms, *member)
            own = () if "{input}" in pattern else member
            atoms = (*_atoms(pattern, {"input": of_input, "n": _NUMBER}), *own, *again)
            yield Mask(f"{pattern} of {mask}", atoms, ())


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), pattern)


def _atoms(pattern: str, known: Mapping[str, tuple[Atom, ...]]) -> Iterator[Atom]:
    """Yield the signs of a pattern: literals as they are stored, anything for what is not known."""
    parts = _PLACEHOLDER.split(pattern)
    for place, part in enumerate(parts):
        if place % 2:
            yield from known.get(part, (_ANYTHING,))
        else:
            yield from _literal(without_foreign(part))
