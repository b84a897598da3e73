"""Whether conditions contradict each other, so that nothing can ever fulfil them all."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from penstock_core.masks.conditions import Condition, is_number


def find_contradiction(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return the conditions on one key that no value fulfils, or nothing.

    Looks at equalities and at numeric bounds. Finds no contradiction that is not one, but not
    all that are: numbers are taken as dense, and texts are not put in order.
    """
    ordered = sorted(conditions, key=lambda each: each.key)
    for _, group in groupby(ordered, key=lambda each: each.key):
        telling = tuple(each for each in group if not each.orders or is_number(each.values[0]))
        if _excludes_all_named(telling) or _leaves_no_number(telling):
            return telling
    return ()


def _excludes_all_named(conditions: tuple[Condition, ...]) -> bool:
    """Return whether a value is asked for, and each that is named fails something."""
    asking = [each for each in conditions if each.operator in ("=", "in")]
    if not asking:
        return False
    return not any(all(each.holds(value) for each in conditions) for value in asking[0].values)


def _leaves_no_number(conditions: tuple[Condition, ...]) -> bool:
    """Return whether the bounds leave no room; an open bound is the narrower of two equal ones."""
    low = [(Decimal(c.values[0]), c.operator == ">") for c in conditions if c.operator[0] == ">"]
    high = [(Decimal(c.values[0]), c.operator != "<") for c in conditions if c.operator[0] == "<"]
    if not low or not high:
        return False
    (floor, floor_open), (ceiling, ceiling_closed) = max(low), min(high)
    return floor > ceiling or (floor == ceiling and (floor_open or not ceiling_closed))
