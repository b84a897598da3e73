"""Whether two masks can take the same dataset: a search through both at once, with an example."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from penstock_core.masks.automaton import READABLE
from penstock_core.masks.glob import NAME_CHARS, NAME_FIRST, Mask

_Place = tuple[int, int, bool]
"""Position in the one mask, position in the other, whether the name has begun."""


def overlap(a: Mask, b: Mask) -> str | None:
    """Return a shortest dataset name that both masks match, or None where there is none.

    Takes time in the order of the product of the two lengths.
    """
    search = _Search(a, b)
    level = [(0, 0, False)]
    while level:
        level = search.past_stars(level)
        if search.goal in search.came_from:
            return search.spell()
        level = search.one_further(level)
    return None


class _Search:
    """Breadth first over pairs of positions; remembers for each how it was reached."""

    def __init__(self, a: Mask, b: Mask) -> None:
        self._a, self._b = a.atoms, b.atoms
        self.goal: _Place = (len(a.atoms), len(b.atoms), True)
        self.came_from: dict[_Place, tuple[_Place, str] | None] = {(0, 0, False): None}

    def past_stars(self, level: Iterable[_Place]) -> list[_Place]:
        """Return the level with every place that is reached from it by ending stars."""
        reached = list(level)
        for place in reached:
            for following in self._skips(place):
                if following not in self.came_from:
                    self.came_from[following] = (place, "")
                    reached.append(following)
        return reached

    def one_further(self, level: Iterable[_Place]) -> list[_Place]:
        """Return the new places one character beyond the level."""
        reached = []
        for place in level:
            step = self._step(place)
            if step and step[0] not in self.came_from:
                self.came_from[step[0]] = (place, step[1])
                reached.append(step[0])
        return reached

    def spell(self) -> str:
        """Return the name along the way to the goal."""
        chars, step = [], self.came_from[self.goal]
        while step:
            chars.append(step[1])
            step = self.came_from[step[0]]
        return "".join(reversed(chars))

    def _skips(self, place: _Place) -> Iterator[_Place]:
        i, j, begun = place
        if i < len(self._a) and self._a[i].many:
            yield i + 1, j, begun
        if j < len(self._b) and self._b[j].many:
            yield i, j + 1, begun

    def _step(self, place: _Place) -> tuple[_Place, str] | None:
        i, j, begun = place
        if i == len(self._a) or j == len(self._b):
            return None
        a, b = self._a[i], self._b[j]
        char = _common(a.chars, b.chars, NAME_CHARS if begun else NAME_FIRST)
        following = (i if a.many else i + 1, j if b.many else j + 1, True)
        return (following, char) if char else None


@lru_cache(maxsize=4096)
def _common(a: frozenset[str], b: frozenset[str], allowed: frozenset[str]) -> str:
    """Return the most readable character of all three sets, or nothing."""
    return min(a & b & allowed, key=READABLE.index, default="")
