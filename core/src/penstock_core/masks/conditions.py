"""Conditions on a dataset's metadata: read from text, checked in words.

::

    stream = physics       run >= 1000        state in (run, calib)
    stream != cosmics      beam < 18.5        site not in (A, "B 2")

Both sides are compared as numbers where both are numbers, else as text. Where the condition
orders by a number, a value that is not a number fails; a missing key fails every condition.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from penstock_core.errors import InvalidMask

MAX_LENGTH = 1024
"""Longest condition, in characters."""

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?\Z", re.ASCII)
_KEY = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*", re.ASCII)
_OPERATOR = re.compile(r"(!=|>=|<=|=|>|<|not\s+in\b|in\b)(?!=)\s*")
_VALUE = re.compile(r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s,()'"=<>!]+))\s*""")
_BARE = re.compile(r"""[^\s,()'"=<>!]+\Z""")
_EXAMPLES = "Write it like: stream = physics, run >= 1000, state in (run, calib)."

_ORDER: Mapping[str, Callable[[Decimal | str, Decimal | str], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Failure:
    """Why a condition does not hold; ``seen`` is None where the key is missing."""

    condition: "Condition"
    seen: str | None
    reason: str


@dataclass(frozen=True)
class Condition:
    """One comparison; ``in`` and ``not in`` have several values, all else one."""

    key: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(_quoted(value) for value in self.values)
        return f"{self.key} {self.operator} " + (f"({shown})" if self.is_list else shown)

    @property
    def is_list(self) -> bool:
        return self.operator.endswith("in")

    @property
    def orders(self) -> bool:
        return self.operator in _ORDER

    def check(self, facts: Mapping[str, object]) -> Failure | None:
        """Return None if the condition holds of the facts, else why not."""
        value = facts.get(self.key)
        if value is None:
            return Failure(self, None, f"{self} fails: there is no {self.key}")
        seen = str(value).lower() if isinstance(value, bool) else str(value)
        if self.holds(seen):
            return None
        not_number = self.orders and is_number(self.values[0]) and not is_number(seen)
        why = ", which is not a number" if not_number else ""
        return Failure(self, seen, f"{self} fails: {self.key} is {seen}{why}")

    def holds(self, value: str) -> bool:
        """Return whether the comparison is true of a value."""
        if self.orders:
            return self._is_ordered(value)
        among = any(_equal(value, each) for each in self.values)
        return among if self.operator in ("=", "in") else not among

    def _is_ordered(self, value: str) -> bool:
        bound = self.values[0]
        if not is_number(bound):
            return _ORDER[self.operator](value, bound)
        return is_number(value) and _ORDER[self.operator](Decimal(value), Decimal(bound))


def first_failure(conditions: Iterable[Condition], facts: Mapping[str, object]) -> Failure | None:
    """Return why the first condition that fails does so, or None if all hold."""
    return next((failure for each in conditions if (failure := each.check(facts))), None)


def is_number(text: str) -> bool:
    """Return whether a text counts as a number: at most 30 digits before and after the point."""
    return _NUMBER.match(text) is not None


def _equal(a: str, b: str) -> bool:
    return a == b or (is_number(a) and is_number(b) and Decimal(a) == Decimal(b))


def _quoted(value: str) -> str:
    if _BARE.match(value):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def parse_condition(text: str) -> Condition:
    """Return the condition that a text says.

    Raises
    ------
    InvalidMask
        Not a condition; ``facts`` holds the text and the column.
    """
    if len(text) > MAX_LENGTH:
        problem = f"it is longer than {MAX_LENGTH} characters"
        raise _refusal(text[:40] + "…", MAX_LENGTH, problem, "Split it into several conditions.")
    key = _KEY.match(text)
    if key is None:
        raise _refusal(text, 0, "it does not begin with the name of a metadatum", _EXAMPLES)
    found = _OPERATOR.match(text, key.end())
    if found is None:
        problem = f"after {key[1]!r} there is none of = != < <= > >= in, not in"
        raise _refusal(text, key.end(), problem, _EXAMPLES)
    word = " ".join(found[1].split())
    values = _read_list if word.endswith("in") else _read_single
    return Condition(key[1], word, values(text, found.end()))


def _refusal(text: str, at: int, problem: str, hint: str) -> InvalidMask:
    return InvalidMask(
        f"Condition {text!r}, column {at + 1}: {problem}.",
        hint=hint,
        facts={"condition": text, "column": at + 1},
    )


def _read_value(text: str, at: int) -> tuple[str, int]:
    """Return a value and where the text goes on after it."""
    found = _VALUE.match(text, at)
    if found is None:
        hint = f'Put a value that holds blanks or signs in quotes: "my value". {_EXAMPLES}'
        raise _refusal(text, at, "here should be a value", hint)
    return next(part for part in found.group("double", "single", "bare") if part is not None), (
        found.end()
    )


def _read_single(text: str, at: int) -> tuple[str, ...]:
    value, end = _read_value(text, at)
    if end < len(text):
        hint = 'Put a value of several words in quotes; give "and" as two conditions of the list.'
        raise _refusal(text, end, f"the condition goes on after its value {value!r}", hint)
    return (value,)


def _read_list(text: str, at: int) -> tuple[str, ...]:
    if text[at : at + 1] != "(":
        raise _refusal(text, at, "here should be a list in parentheses", _EXAMPLES)
    values: list[str] = []
    mark = ","
    while mark == ",":
        value, at = _read_value(text, _after_blanks(text, at + 1))
        values.append(value)
        mark = text[at : at + 1]
    if mark != ")":
        raise _refusal(text, at, "the list is not closed", "Close it: state in (run, calib).")
    if _after_blanks(text, at + 1) < len(text):
        raise _refusal(text, at + 1, "the condition goes on after its list", _EXAMPLES)
    return tuple(values)


def _after_blanks(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())
