"""What is particular about a chain's steps and values, in a sentence each."""

from collections.abc import Iterator

from penstock_core.contracts.workflow import Gate, ValueRanges
from penstock_core.looks import files, size
from recipe.model import Group, Recipe
from recipe.value_ranges import shown


def notes(recipe: Recipe, ranges: ValueRanges) -> Iterator[str]:
    """Yield what the list of a recipe's steps does not say."""
    for step in recipe.steps:
        yield from (f"{step.name} waits for {gate_text(gate)}" for gate in step.gates)
        if step.group is not None:
            yield f"{step.name} merges {group_text(step.group)}"
    for name, table in ranges.items():
        yield f"{name} by run: {', '.join(shown(each) for each in table)}"


def gate_text(gate: Gate) -> str:
    """Return what a gate waits for: a name, or any name that a mask fits."""
    return f"{gate.mask} to be {'closed' if gate.until == 'closed' else 'there'}"


def group_text(group: Group) -> str:
    """Return by what a merge is divided into jobs."""
    limits = [files(group.files)] if group.files else []
    limits += [size(group.size_bytes)] if group.size_bytes else []
    limits += [f"after {group.max_latency_s:g} s"] if group.max_latency_s else []
    return f"groups: {' or '.join(limits)}"
