"""A mask as an automaton: all positions a name may have reached in it, as the bits of one integer.

Serves the questions that a regular expression cannot answer: inclusion, and how far a name got.
"""

from collections.abc import Iterable

from penstock_core.masks.glob import NAME_CHARS, NAME_FIRST, Mask

READABLE = "".join(
    sorted(NAME_CHARS, key=lambda char: (char in "._-", char.isupper(), char.isdigit(), char))
)
"""The characters of names, those first that an example should rather show."""


class Automaton:
    """Steps through a mask; bit ``i`` of a state says that ``atoms[i]`` comes next."""

    def __init__(self, mask: Mask) -> None:
        self._many = sum(1 << i for i, atom in enumerate(mask.atoms) if atom.many)
        self.takes = {
            char: sum(1 << i for i, atom in enumerate(mask.atoms) if char in atom.chars)
            for char in NAME_CHARS
        }
        self.final = 1 << len(mask.atoms)
        self.start = self._past_stars(1)

    def step(self, state: int, char: str) -> int:
        """Return the state after one more character; 0 once nothing can fit any more."""
        taken = state & self.takes.get(char, 0)
        return self._past_stars((taken & self._many) | (taken & ~self._many) << 1)

    def _past_stars(self, state: int) -> int:
        while (further := state | (state & self._many) << 1) != state:
            state = further
        return state


def unlike_characters(automata: Iterable[Automaton]) -> list[str]:
    """Return one character of each kind that these automata, or the rule of names, tell apart."""
    known = list(automata)
    kinds: dict[tuple[object, ...], str] = {}
    for char in READABLE:
        kinds.setdefault((char in NAME_FIRST, *(each.takes[char] for each in known)), char)
    return list(kinds.values())


def missing_part(mask: Mask, name: str) -> tuple[int, str]:
    """Return how many characters of a name the mask reads, and what of the mask is unmet."""
    automaton = Automaton(mask)
    state, read = automaton.start, 0
    for char in name:
        following = automaton.step(state, char)
        if not following:
            break
        state, read = following, read + 1
    furthest = (state & (automaton.final - 1)).bit_length() - 1
    return read, _text_from(mask, furthest) if furthest >= 0 else ""


def _text_from(mask: Mask, position: int) -> str:
    """Return the text of a mask from an atom on, or from the capture that the atom stands in."""
    at = mask.atoms[position].column - 1
    opened = mask.text.rfind("{", 0, at)
    inside = opened >= 0 and "}" not in mask.text[opened:at]
    return mask.text[opened if inside else at :]
