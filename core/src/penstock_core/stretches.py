"""Long sequences in stretches that one request or one statement takes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Value = TypeVar("Value")


def stretches(values: Sequence[Value], length: int) -> Iterator[tuple[Value, ...]]:
    """Give ``values`` in their order, up to ``length`` of them at a time."""
    for start in range(0, len(values), length):
        yield tuple(values[start : start + length])
