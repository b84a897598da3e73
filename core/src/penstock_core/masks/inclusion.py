"""Whether every name of a mask is taken away by exclusions, so that the mask can never match."""

from collections.abc import Iterable, Iterator, Sequence

from penstock_core.masks.automaton import Automaton, unlike_characters
from penstock_core.masks.glob import NAME_FIRST, Mask

MAX_PLACES = 3_000
"""Places met before the proof is given up; inclusion can cost exponential time."""

_States = tuple[int, ...]
_Place = tuple[int, _States, bool]
"""Position in the mask, state of each exclusion, whether the name has begun."""


def is_swallowed(mask: Mask, exclude: Sequence[Mask]) -> bool:
    """Return True if it is proven that whatever the mask matches, some exclusion matches too."""
    search = _Search(mask, exclude)
    met = {search.start}
    tried: dict[tuple[int, bool], list[_States]] = {}
    todo = [search.start]
    for place in todo:
        if search.escapes(place) or len(met) > MAX_PLACES:
            return False
        new = set(search.following(place)) - met
        met |= new
        todo.extend(each for each in sorted(new, key=_ways) if _is_worth_trying(each, tried))
    return True


def _ways(place: _Place) -> int:
    """Return in how many ways the exclusions may still match; the fewest come first."""
    return sum(state.bit_count() for state in place[1])


def _is_worth_trying(place: _Place, tried: dict[tuple[int, bool], list[_States]]) -> bool:
    """Return whether no place was tried whose exclusions had fewer ways to match; note this one.

    A name that escapes all ways escapes the fewer too, so those alone need a look.
    """
    position, states, begun = place
    known = tried.setdefault((position, begun), [])
    if any(_has_all_of(states, fewer) for fewer in known):
        return False
    known.append(states)
    return True


def _has_all_of(states: _States, fewer: _States) -> bool:
    return all(less & ~more == 0 for more, less in zip(states, fewer, strict=True))


class _Search:
    """Steps through the mask one position at a time, through the exclusions in all at once."""

    def __init__(self, mask: Mask, exclude: Iterable[Mask]) -> None:
        self._atoms = mask.atoms
        self._exclude = [Automaton(each) for each in exclude]
        self._chars = unlike_characters([Automaton(mask), *self._exclude])
        self.start: _Place = (0, tuple(each.start for each in self._exclude), False)

    def escapes(self, place: _Place) -> bool:
        """Return whether a name that got here is surely the mask's and no exclusion's."""
        position, states, begun = place
        if not begun:
            return False
        if not any(states):
            return True
        finals = (state & each.final for state, each in zip(states, self._exclude, strict=True))
        return position == len(self._atoms) and not any(finals)

    def following(self, place: _Place) -> Iterator[_Place]:
        position, states, begun = place
        if position == len(self._atoms):
            return
        atom = self._atoms[position]
        if atom.many:
            yield position + 1, states, begun
        for char in self._chars:
            if char in atom.chars and (begun or char in NAME_FIRST):
                yield position if atom.many else position + 1, self._step(states, char), True

    def _step(self, states: _States, char: str) -> _States:
        pairs = zip(self._exclude, states, strict=True)
        return tuple(each.step(state, char) for each, state in pairs)
