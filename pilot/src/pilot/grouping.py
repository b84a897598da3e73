"""How the files of a merge are divided into groups: a function of their sizes and of the time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from recipe.model import Group


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that is in no group yet.

    ``place`` orders them; those of one place stay together. ``seen_at`` is the Unix time at which
    the file was read of.
    """

    place: int
    size_bytes: int
    seen_at: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """One group: the files whose place is from ``first`` to ``last``."""

    first: int
    last: int


NOTHING = Stretch(1, 0)
"""The group of a merge that gathers no file at all."""


def group(rule: Group, pieces: Iterable[Piece], *, closed: bool, now: float) -> tuple[Stretch, ...]:
    """Return the groups that are whole, in order; ``pieces`` come ordered by place.

    A group ends with the file by which it has the files or the size of the rule. What is left over
    is a group once its oldest file has waited ``max_latency_s``, or no more files come.
    """
    whole: list[Stretch] = []
    rest: list[Piece] = []
    for _, together in groupby(pieces, key=lambda piece: piece.place):
        rest += together
        if _is_full(rule, rest):
            whole.append(_stretch(rest))
            rest = []
    if rest and (closed or _has_waited(rule, rest, now)):
        whole.append(_stretch(rest))
    return tuple(whole)


def _is_full(rule: Group, pieces: Sequence[Piece]) -> bool:
    enough = bool(rule.files) and len(pieces) >= rule.files
    return enough or (
        bool(rule.size_bytes) and sum(piece.size_bytes for piece in pieces) >= rule.size_bytes
    )


def _has_waited(rule: Group, pieces: Iterable[Piece], now: float) -> bool:
    oldest = min(piece.seen_at for piece in pieces)
    return bool(rule.max_latency_s) and now >= oldest + rule.max_latency_s


def _stretch(pieces: Sequence[Piece]) -> Stretch:
    return Stretch(pieces[0].place, pieces[-1].place)
