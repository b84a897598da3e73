"""``waitFor``: the mask of another dataset, with words of the masked one filled in."""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from penstock_core.contracts.workflow import Gate
from penstock_core.errors import InvalidInput, InvalidMask
from penstock_core.masks import parse_mask
from penstock_core.masks.glob import NAME_CHARS
from recipe.model import Recipe, Step

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
LONGEST = 250
"""Of a mask once it is filled in, in characters."""

BUILT_IN = ("input", "template", "n")
"""What every dataset and template has, besides what the mask caught and the metadata."""


def listed(value: Any) -> list[Any]:
    """Return what a hint says as a list of gates; raises ``InvalidMask`` for anything else."""
    items = value if isinstance(value, list | tuple) else [value]
    for item in items:
        if not isinstance(item, str | dict | Gate):
            hint = "Write a mask, {mask: …, until: open}, or a list of these."
            raise InvalidMask(f"{item!r} is no mask.", hint=hint)
    return [{"mask": item} if isinstance(item, str) else item for item in items]


def check_gates(gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
    """Return the gates; raises ``InvalidMask`` for one that fits no name, whatever is filled in."""
    for gate in gates:
        _check(gate.mask)
    return gates


def _check(mask: str) -> None:
    filled = _PLACEHOLDER.sub("x", mask)
    if "{" in filled:
        hint = "Write {run} alone; what it stands for is filled in. For any text write *."
        raise InvalidMask(f"{mask!r} holds a brace that names nothing.", hint=hint)
    parse_mask(filled)


def gates_of(step: Step, words: Mapping[str, object]) -> tuple[Gate, ...]:
    """Return what a task of this step waits for; raises ``InvalidInput`` for a word that lacks."""
    return tuple(
        gate.model_copy(update={"mask": _filled(step, gate.mask, words)}) for gate in step.gates
    )


def _filled(step: Step, mask: str, words: Mapping[str, object]) -> str:
    def word(found: re.Match[str]) -> str:
        return _word(step, mask, found[1], words.get(found[1]))

    filled = _PLACEHOLDER.sub(word, mask)
    if len(filled) > LONGEST:
        message = f"Step {step.name} waits for {filled[:40]}…, which is longer than any name."
        raise InvalidInput(message, hint="Shorten waitFor.", field="waitFor")
    return filled


def _word(step: Step, mask: str, name: str, value: object) -> str:
    text = "" if value is None else str(value)
    if text and NAME_CHARS.issuperset(text):
        return text
    said = f"its {name} is {text!r}, which no name holds" if text else f"it has no {name}"
    raise InvalidInput(
        f"Step {step.name} waits for {mask}, to be filled in from the dataset, and {said}.",
        hint="Name in waitFor what the template's masks catch, or what is in the metadata.",
        field="waitFor",
    )


def gate_warnings(recipe: Recipe, captures: Container[str]) -> Iterator[str]:
    """Yield a sentence for each word that only the metadata can give.

    ``captures`` are the names that every mask of the template catches. A dataset of a run always
    has ``run``.
    """
    for step in recipe.steps:
        for name in dict.fromkeys(n for g in step.gates for n in _PLACEHOLDER.findall(g.mask)):
            if name not in captures and name not in (*BUILT_IN, "run"):
                yield (
                    f"step {step.name}: waitFor names {{{name}}}, which no mask catches: "
                    "a dataset without it in its metadata is not taken"
                )
