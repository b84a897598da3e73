"""The schedule of the detector: which state it is in for how long, in ePIC's YAML.

A list of ``{state, substate, span}``, span = ``weeks,days,hours,minutes,seconds`` without spaces.
The words are those of ePIC's testbed (its older mapping ``{N: {start, mode}}`` is refused).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from penstock_core.errors import InvalidInput
from penstock_core.states import DetectorState, DetectorSubstate

STATES = tuple(map(str, DetectorState))
SUBSTATES = tuple(map(str, DetectorSubstate))

_KEYS = ("state", "substate", "span")
_SPAN = re.compile(r"\d+(,\d+){4}", re.ASCII)
_UNITS_S = (604_800, 86_400, 3_600, 60, 1)
_EXAMPLE = 'Write a list of items like {state: run, substate: physics, span: "0,0,0,0,60"}.'


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the detector, held for ``span_s`` simulated seconds."""

    state: str
    substate: str
    span_s: int

    @property
    def takes_data(self) -> bool:
        """Return whether STFs are made in it: in run/physics only."""
        return (self.state, self.substate) == ("run", "physics")


Schedule = tuple[Step, ...]


def physics_schedule() -> Schedule:
    """Return the schedule used when none is given: the live sequence of ePIC's testbed."""
    text = (files("daqsim") / "schedules" / "physics.yaml").read_text()
    return parse_schedule(text, "physics.yaml")


def read_schedule(path: Path) -> Schedule:
    """Return the schedule in ``path``.

    Raises
    ------
    InvalidInput
        it cannot be read, or it is no schedule; the message begins with ``file:line``.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The schedule {path} cannot be read: {error}", hint="Give a YAML file."
        ) from error
    return parse_schedule(text, str(path))


def parse_schedule(text: str, source: str) -> Schedule:
    """Return the schedule that ``text`` says; ``source`` names it in errors."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _error(source, line, f"this is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise _error(source, 1, f"this is not YAML: {error}.") from error
    return tuple(_step(item, source) for item in _items(root, source))


def _items(root: yaml.Node | None, source: str) -> Iterator[yaml.Node]:
    if isinstance(root, yaml.MappingNode):
        raise _error(
            source,
            _line(root),
            "a schedule is a list; the old mapping form {N: {start, mode}} is not supported.",
        )
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise _error(source, _line(root), "a schedule is a list with at least one item.")
    return iter(root.value)


def _step(node: yaml.Node, source: str) -> Step:
    fields = _fields(node, source)
    state = _word(fields["state"], "state", STATES, source)
    substate = _word(fields["substate"], "substate", SUBSTATES, source)
    return Step(state, substate, _span_s(fields["span"], source))


def _fields(node: yaml.Node, source: str) -> dict[str, yaml.ScalarNode]:
    if not isinstance(node, yaml.MappingNode):
        raise _error(source, _line(node), "an item of a schedule is a mapping.")
    fields: dict[str, yaml.ScalarNode] = {}
    for key, value in node.value:
        if key.value not in _KEYS or key.value in fields:
            said = "given twice" if key.value in fields else "not known here"
            raise _error(source, _line(key), f"the key {key.value!r} is {said}.")
        if not isinstance(value, yaml.ScalarNode):
            raise _error(source, _line(value), f"the value of {key.value!r} is not a word.")
        fields[key.value] = value
    missing = [key for key in _KEYS if key not in fields]
    if missing:
        raise _error(source, _line(node), f"{', '.join(missing)} is missing.")
    return fields


def _word(node: yaml.ScalarNode, field: str, allowed: tuple[str, ...], source: str) -> str:
    word = str(node.value)
    if word not in allowed:
        raise _error(
            source, _line(node), f"unknown {field} {word!r}; known are {', '.join(allowed)}."
        )
    return word


def _span_s(node: yaml.ScalarNode, source: str) -> int:
    text = str(node.value)
    span_s = 0
    if _SPAN.fullmatch(text):
        numbers = (int(number) for number in text.split(","))
        span_s = sum(n * unit_s for n, unit_s in zip(numbers, _UNITS_S, strict=True))
    if span_s == 0:
        raise _error(
            source,
            _line(node),
            f"the span {text!r} is not weeks,days,hours,minutes,seconds: five whole numbers, "
            "no spaces, together more than nothing.",
        )
    return span_s


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


def _error(source: str, line: int, problem: str) -> InvalidInput:
    return InvalidInput(
        f"{source}:{line}: {problem}", hint=_EXAMPLE, facts={"file": source, "line": line}
    )
