"""Laws of masks, against a matcher too simple to be wrong.

The masks are drawn as pieces whose meaning is known apart from the parser.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from penstock_core.errors import InvalidMask
from penstock_core.masks import MaskIndex, Selector, overlap, parse_mask
from penstock_core.masks.automaton import Automaton
from penstock_core.masks.glob import NAME_CHARS
from penstock_core.masks.inclusion import is_swallowed

SMALL = "ab1."
"""An alphabet small enough to try every name."""

NAMES = [
    "".join(chars)
    for length in range(1, 6)
    for chars in itertools.product(SMALL, repeat=length)
    if chars[0] != "."
]
"""Every name of up to five characters of the small alphabet."""


@dataclass(frozen=True)
class Piece:
    """A sign of a mask as written and as meant."""

    text: str
    chars: frozenset[str]
    many: bool = False


STAR = Piece("*", NAME_CHARS, many=True)
SIGNS = [
    STAR,
    Piece("?", NAME_CHARS),
    *(Piece(char, frozenset(char)) for char in SMALL),
    Piece("[ab]", frozenset("ab")),
    Piece("[!a]", NAME_CHARS - {"a"}),
    Piece("[!.]", NAME_CHARS - {"."}),
    Piece("[0-9]", frozenset("0123456789")),
    Piece("[a-]", frozenset("a-")),
]


def can_begin(pieces: list[Piece]) -> bool:
    return pieces[0].many or bool(pieces[0].chars - set("._-"))


pieces = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=6).filter(can_begin)


@st.composite
def texts_with_pieces(draw: st.DrawFn) -> tuple[str, list[Piece]]:
    """A mask text, some stretches of which are captures, with its pieces."""
    parts = draw(st.lists(st.tuples(st.booleans(), pieces_part), min_size=1, max_size=3))
    every = [piece for _, part in parts for piece in part]
    text = "".join(
        f"{{c{n}:{written(part)}}}" if named else written(part)
        for n, (named, part) in enumerate(parts)
    )
    return (text, every) if can_begin(every) else ("*" + text, [STAR, *every])


pieces_part = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=3)
mask_texts = pieces.map(lambda every: written(every))
names = st.text(SMALL + "x", min_size=0, max_size=12)


def written(every: list[Piece]) -> str:
    return "".join(piece.text for piece in every)


def reference_fits(every: list[Piece], name: str) -> bool:
    """Try every way to share the name out among the pieces."""
    if not name or name[0] in "._-" or set(name) - NAME_CHARS:
        return False
    return _fits(every, name)


def _fits(every: list[Piece], name: str) -> bool:
    if not every:
        return not name
    if every[0].many:
        return any(_fits(every[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and name[0] in every[0].chars and _fits(every[1:], name[1:])


@given(texts_with_pieces(), names)
def test_a_mask_fits_what_the_reference_fits(drawn: tuple[str, list[Piece]], name: str) -> None:
    text, every = drawn
    mask = parse_mask(text)
    expected = reference_fits(every, name)
    assert mask.fits(name) == expected
    assert (mask.match(name) is not None) == expected


@given(texts_with_pieces(), names)
def test_put_into_the_mask_the_captures_give_the_name_again(
    drawn: tuple[str, list[Piece]], name: str
) -> None:
    mask = parse_mask(drawn[0])
    captures = mask.match(name)
    if captures is not None:
        assert set(captures) == {capture.name for capture in mask.captures}
        assert parse_mask(filled_in(drawn[0], captures)).fits(name)


def filled_in(text: str, captures: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: captures[found[1]], text) or "*"


@given(mask_texts, names)
def test_the_automaton_ends_where_the_mask_fits(text: str, name: str) -> None:
    mask = parse_mask(text)
    automaton = Automaton(mask)
    state = automaton.start
    for char in name:
        state = automaton.step(state, char)
    begins_well = bool(name) and name[0] not in "._-"
    assert mask.fits(name) == (begins_well and bool(state & automaton.final))


@given(mask_texts, mask_texts)
def test_an_overlap_is_a_shortest_name_that_both_fit(one: str, other: str) -> None:
    a, b = parse_mask(one), parse_mask(other)
    example = overlap(a, b)
    common = [name for name in NAMES if a.fits(name) and b.fits(name)]
    if example is None:
        assert common == []
    else:
        assert a.fits(example)
        assert b.fits(example)
        assert all(len(example) <= len(name) for name in common)


@given(mask_texts, mask_texts)
def test_overlap_does_not_depend_on_the_order(one: str, other: str) -> None:
    forth = overlap(parse_mask(one), parse_mask(other))
    back = overlap(parse_mask(other), parse_mask(one))
    assert (forth is None) == (back is None)
    assert len(forth or "") == len(back or "")


@given(mask_texts, st.lists(mask_texts, max_size=3))
def test_no_name_of_a_swallowed_mask_is_outside_the_exclusions(
    text: str, exclude: list[str]
) -> None:
    mask, excluding = parse_mask(text), [parse_mask(each) for each in exclude]
    outside = [n for n in NAMES if mask.fits(n) and not any(e.fits(n) for e in excluding)]
    if is_swallowed(mask, excluding):
        assert outside == []


@given(mask_texts, st.sampled_from(["*", "[ab]"]))
def test_a_mask_swallows_itself(text: str, more: str) -> None:
    assert is_swallowed(parse_mask(text), [parse_mask(more), parse_mask(text)])


def selector_or_none(masks: list[str], exclude: list[str], namespace: str) -> Selector | None:
    try:
        return Selector.parse(masks, exclude, namespace=namespace)
    except InvalidMask:
        return None


selectors = st.builds(
    selector_or_none,
    st.lists(mask_texts, min_size=1, max_size=3),
    st.lists(mask_texts, max_size=1),
    st.sampled_from(["*", "default", "tester"]),
).filter(bool)


@given(st.lists(selectors, max_size=8), names)
def test_the_index_answers_as_if_each_selector_were_tried(every: list[Selector], name: str) -> None:
    index = MaskIndex(dict(enumerate(every)))
    one_by_one = [(key, selector.decide(name)) for key, selector in enumerate(every)]
    assert index.match(name) == [pair for pair in one_by_one if pair[1].matched]
    fitting = [k for k, s in enumerate(every) if any(mask.fits(name) for mask in s.masks)]
    assert index.candidates(name) == fitting
