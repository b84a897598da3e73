"""Values that depend on the run: whether the ranges make sense, and what a dataset gets.

Calibrations change; templates need not: a template gives an input a table of values by run, and
planning takes the one of the dataset's run.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from penstock_core.contracts.base import Json
from penstock_core.contracts.workflow import ValueRange, ValueRanges
from penstock_core.errors import InvalidInput
from recipe.model import InputSpec
from recipe.values import check_value, wrong_value

FIELD = "value_ranges"


def check_ranges(
    inputs: Iterable[InputSpec], ranges: ValueRanges, documents: Collection[str]
) -> None:
    """Raise ``InvalidTemplate`` for a range without input, upside down, overlapping, ill-typed."""
    specs = {spec.name: spec for spec in inputs}
    for name, table in ranges.items():
        for number, each in enumerate(table):
            field = f"{FIELD}.{name}.{number}"
            check_value(specs, name, each.value, documents, field)
            if _first(each) > _last(each):
                raise wrong_value(field, f"{shown(each)} end before they begin.")
        _refuse_overlap(name, table)


def _refuse_overlap(name: str, table: Sequence[ValueRange]) -> None:
    for before, after in pairwise(sorted(table, key=_first)):
        if _first(after) <= _last(before):
            both = f"{shown(before)} and {shown(after)} overlap, so the value is not clear."
            raise wrong_value(f"{FIELD}.{name}", f"of {name}: {both}")


def values_of(values: Mapping[str, Any], ranges: ValueRanges, facts: Mapping[str, object]) -> Json:
    """Return the value of each input for a dataset: the one of its run's range, else of ``values``.

    ``facts`` are the dataset's metadata and what its mask caught; ``run`` counts. Raises
    ``InvalidInput`` where neither gives a value.
    """
    run = _run(facts)
    found = dict(values)
    for name, table in ranges.items():
        if (taken := _taken(table, run)) is not None:
            found[name] = taken.value
        elif name not in found:
            raise _no_value(name, table, facts.get("run"), run)
    return found


def _run(facts: Mapping[str, object]) -> int | None:
    text = str(facts.get("run", ""))
    return int(text) if text.isascii() and text.isdecimal() else None


def _taken(table: Iterable[ValueRange], run: int | None) -> ValueRange | None:
    if run is None:
        return None
    return next((each for each in table if _first(each) <= run <= _last(each)), None)


def _no_value(
    name: str, table: Sequence[ValueRange], said: object, run: int | None
) -> InvalidInput:
    if run is None:
        what = "it has no run" if said is None else f"its run is {said!r}, which is no number"
        message = f"The value of {name} depends on the run of the dataset, and {what}."
    else:
        known = ", ".join(shown(each) for each in table) or "none"
        message = f"No value of {name} is for run {run} (there is: {known})."
    hint = f"Add a range to value_ranges.{name}, or give values.{name} for all other runs."
    return InvalidInput(message, hint=hint, field=f"{FIELD}.{name}", facts={"run": run})


def shown(each: ValueRange) -> str:
    """Return which runs a range is for, in words."""
    if each.first is None and each.last is None:
        return "all runs"
    if each.last is None:
        return f"runs from {each.first} on"
    if each.first is None:
        return f"runs up to {each.last}"
    return f"runs {each.first} to {each.last}"


def _first(each: ValueRange) -> float:
    return -math.inf if each.first is None else each.first


def _last(each: ValueRange) -> float:
    return math.inf if each.last is None else each.last
