"""Long sequences in stretches that one request or one statement takes."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Value = TypeVar("Value")


def stretches(values: Iterable[Value], length: int) -> Iterator[tuple[Value, ...]]:
    """Give ``values`` in their order, up to ``length`` of them at a time."""
    ordered = tuple(values)
    for start in range(0, len(ordered), length):
        yield ordered[start : start + length]
