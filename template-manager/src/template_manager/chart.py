"""A chain as a picture: where each step stands, and the lines between them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT = 190, 64
GAP_X, GAP_Y = 60, 24
MARGIN = 4


@dataclass(frozen=True, slots=True)
class Node:
    """A box; ``kind`` is ``dataset`` or the step's mode."""

    name: str
    kind: str
    note: str
    x: int
    y: int

    @property
    def left(self) -> tuple[int, int]:
        """Return where lines arrive."""
        return self.x, self.y + BOX_HEIGHT // 2

    @property
    def right(self) -> tuple[int, int]:
        """Return where lines leave."""
        return self.x + BOX_WIDTH, self.y + BOX_HEIGHT // 2


@dataclass(frozen=True, slots=True)
class Chart:
    """Boxes and the paths of the lines, in a picture of ``width`` by ``height``."""

    nodes: tuple[Node, ...]
    lines: tuple[str, ...]
    width: int
    height: int


def lay_out(steps: Sequence[Mapping[str, Any]], input_name: str) -> Chart:
    """Return the picture of a recipe's steps: each in the column after the last that it reads."""
    sources = {step["name"]: _sources(step) for step in steps}
    columns = _columns(sources)
    by_name = {step["name"]: step for step in steps}
    nodes: dict[str, Node] = {}
    rows: dict[int, int] = defaultdict(int)
    for name, column in columns.items():
        x = MARGIN + column * (BOX_WIDTH + GAP_X)
        y = MARGIN + rows[column] * (BOX_HEIGHT + GAP_Y)
        rows[column] += 1
        nodes[name] = _node(by_name.get(name), input_name, x, y)
    lines = tuple(
        _curve(nodes[source].right, nodes[name].left)
        for name, all_sources in sources.items()
        for source in all_sources
    )
    width = max(columns.values()) * (BOX_WIDTH + GAP_X) + BOX_WIDTH + 2 * MARGIN
    height = max(rows.values()) * (BOX_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    return Chart(tuple(nodes.values()), lines, width, height)


def until(trigger: str) -> str:
    """Return what a step's input must be before it starts, in the command line's words."""
    return "closed" if trigger == "closed" else "there"


def _sources(step: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a step reads, each once: names of steps, "" for the masked dataset."""
    return tuple(dict.fromkeys(str(link.get("step", "")) for link in step["links"]))


def _columns(sources: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the column of each box; steps come in an order in which sources come first."""
    columns = {"": 0}
    for name, read in sources.items():
        columns[name] = 1 + max((columns[source] for source in read), default=0)
    return columns


def _node(step: Mapping[str, Any] | None, input_name: str, x: int, y: int) -> Node:
    if step is None:
        return Node(input_name, "dataset", "the masked dataset", x, y)
    note = f"{step['mode']} · its input is {until(step['trigger'])}"
    return Node(str(step["name"]), str(step["mode"]), note, x, y)


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    middle = (start[0] + end[0]) // 2
    return f"M {start[0]} {start[1]} C {middle} {start[1]}, {middle} {end[1]}, {end[0]} {end[1]}"
