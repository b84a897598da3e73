"""Warnings at save: other templates that may take the same datasets, each with an example."""

from collections.abc import Iterable

from data_access.content import Content, selector_of
from penstock_core.masks import Selector, overlap
from penstock_core.masks.selector import ANY_NAMESPACE

MOST_WARNINGS = 20


def overlap_warnings(content: Content, others: Iterable[tuple[int, Content]]) -> tuple[str, ...]:
    """Return a sentence for each other template that overlaps, up to ``MOST_WARNINGS``.

    Slow with many templates: not for the event loop.
    """
    ours = selector_of(content)
    found: list[str] = []
    for number, other in others:
        if other.name == content.name or not _meet(content.namespace, other.namespace):
            continue
        example = _example(ours, selector_of(other))
        if example:
            found.append(f"template {number} ({other.name}) may take the same data: {example}")
        if len(found) == MOST_WARNINGS:
            return (*found, "and perhaps more")
    return tuple(found)


def _meet(a: str, b: str) -> bool:
    return a == b or ANY_NAMESPACE in (a, b)


def _example(a: Selector, b: Selector) -> str | None:
    """Return a name that a mask of each fits, and no exclusion of either."""
    names = (overlap(one, two) for one in a.masks for two in b.masks)
    excluded = (*a.exclude, *b.exclude)
    return next((n for n in names if n and not any(mask.fits(n) for mask in excluded)), None)
