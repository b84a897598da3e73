r"""A mask that was read: an anchored glob over dataset names, matched in linear time.

Dataset names match ``^[A-Za-z0-9][A-Za-z0-9._\-]*$``; a mask matches nothing else.
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

NAME_FIRST = frozenset(string.ascii_letters + string.digits)
"""Characters that a dataset name may begin with."""

NAME_CHARS = NAME_FIRST | frozenset("._-")
"""Characters that a dataset name may hold."""

_ANY = r"[A-Za-z0-9._\-]"
_BEGINS_WELL = r"(?=[A-Za-z0-9])"


@dataclass(frozen=True)
class Atom:
    """One sign of a mask: takes one character of ``chars``, or any number where ``many``.

    ``column`` is where it stands in the text, counted from 1.
    """

    chars: frozenset[str]
    many: bool
    column: int


@dataclass(frozen=True)
class Capture:
    """A named stretch of a mask: ``atoms[start:end]``."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Mask:
    """An anchored glob; made by ``parse_mask``, equal to another with the same text.

    Every star takes as little as it can, from the left; only the last takes what is left over:
    ``{a}.{b}`` reads ``x.y.z`` as a = ``x``, b = ``y.z``.
    """

    text: str
    atoms: tuple[Atom, ...] = field(compare=False, repr=False)
    captures: tuple[Capture, ...] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    def fits(self, name: str) -> bool:
        """Return whether the whole name matches; the quick form of ``match``."""
        return self._plain.match(name) is not None

    def match(self, name: str) -> Mapping[str, str] | None:
        """Return what the captures took, or None if the name does not match."""
        found = self._marked.match(name)
        if found is None:
            return None
        return {
            each.name: name[found.start(f"from_{each.name}") : found.start(f"to_{each.name}")]
            for each in self.captures
        }

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return _compile(self.atoms, {})

    @cached_property
    def _marked(self) -> re.Pattern[str]:
        return _compile(self.atoms, _marks(self.captures)) if self.captures else self._plain


def _compile(atoms: tuple[Atom, ...], marks: Mapping[int, str]) -> re.Pattern[str]:
    """Return a regular expression that never goes back on a star.

    Between two stars stands a stretch of fixed width, so its leftmost place leaves the most for
    the rest: taking it for good (an atomic group) loses no match and keeps the time linear.
    """
    head, *tails = _stretches(atoms, marks)
    middle = "".join(f"(?>{_ANY}*?{tail})" for tail in tails[:-1])
    last = f"{_ANY}*{tails[-1]}" if tails else ""
    return re.compile(rf"{_BEGINS_WELL}{head}{middle}{last}\Z")


def _stretches(atoms: tuple[Atom, ...], marks: Mapping[int, str]) -> Iterator[str]:
    """Yield the expressions before, between and after the stars."""
    stretch = ""
    for position, atom in enumerate(atoms):
        stretch += marks.get(position, "")
        if atom.many:
            yield stretch
            stretch = ""
        else:
            stretch += _one_of(atom.chars)
    yield stretch + marks.get(len(atoms), "")


def _marks(captures: tuple[Capture, ...]) -> dict[int, str]:
    """Return empty groups by position; real groups could not cross the atomic ones."""
    marks: dict[int, str] = {}
    for capture in captures:
        for position, side in ((capture.start, "from"), (capture.end, "to")):
            marks[position] = marks.get(position, "") + f"(?P<{side}_{capture.name}>)"
    return marks


def _one_of(chars: frozenset[str]) -> str:
    if chars == NAME_CHARS:
        return _ANY
    escaped = "".join(re.escape(char) for char in sorted(chars))
    return escaped if len(chars) == 1 else f"[{escaped}]"
