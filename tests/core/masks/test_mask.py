"""What a mask says, what it takes, and how a bad one is refused."""

import pytest

from penstock_core.errors import InvalidMask
from penstock_core.masks import parse_mask
from penstock_core.masks.automaton import missing_part

NAMES_HOLD = "Dataset names hold only A-Z, a-z, 0-9, '.', '_' and '-'."


@pytest.mark.parametrize(
    ("mask", "name", "captures"),
    [
        ("swf.*.run", "swf.1.run", {}),
        ("*.test.*", "spd.a.test.b.c", {}),
        ("swf.{run}.run", "swf.1042.run", {"run": "1042"}),
        ("swf.{run:[0-9]*}.calib", "swf.1042.calib", {"run": "1042"}),
        ("swf.{run:[0-9]*}.calib", "swf.x42.calib", None),
        ("{a}.{b}", "x.y.z", {"a": "x", "b": "y.z"}),
        ("{a}{b}", "xyz", {"a": "", "b": "xyz"}),
        (
            "{det:[a-z][a-z]}{n:?}.{rest:v*_x}_x",
            "ab7.v1_x_x",
            {"det": "ab", "n": "7", "rest": "v1_x"},
        ),
        ("run[!0]*", "run0", None),
        ("run[*1]", "run1", {}),
        ("*", "any.thing_at-all", {}),
        ("*", "", None),
        ("*", ".hidden", None),
        ("*", "two words", None),
        ("swf.1", "swf.1\n", None),
    ],
)
def test_a_mask_takes_whole_names_and_gives_its_captures(
    mask: str, name: str, captures: dict[str, str] | None
) -> None:
    assert parse_mask(mask).match(name) == captures


def test_a_mask_is_anchored_at_both_ends() -> None:
    mask = parse_mask("data25.*RAW")
    assert mask.fits("data25.1.RAW")
    assert not mask.fits("data25.1.RAWCAL")
    assert not mask.fits("old.data25.1.RAW")


def test_the_longest_mask_and_the_shortest_are_read() -> None:
    assert parse_mask("a" * 256).fits("a" * 256)
    assert parse_mask("a").fits("a")


@pytest.mark.parametrize("mask", ["*a*a*a*a*a*a*b", "*a" * 127 + "*b", "{a}a{b:*a*}a*b", "*" * 256])
def test_a_nasty_mask_ends_on_a_long_name(mask: str) -> None:
    parsed = parse_mask(mask)
    assert parsed.fits("a" * 20_000) == (mask == "*" * 256)


LIST = "to name several masks, give them as a list."
BEGINNING = "it can never match, for every dataset name begins with a letter or a digit"
BEGIN_SO = "Put * before it, or begin with either."
PASTED = "Remove it; it may have come by copy and paste."
CAPTURES = f"Write {{run}} or {{run:[0-9]*}}; {LIST}"
EMPTY_CLASS = "can never match, no name holds such a character"


@pytest.mark.parametrize(
    ("mask", "column", "problem", "hint"),
    [
        ("", 1, "it is empty", "Write * to take every dataset."),
        ("a\tb", 2, r"the control character '\t' can never match", PASTED),
        ("[!\x85]", 3, r"the control character '\x85' can never match", PASTED),
        ("run[0-9", 4, "the class is not closed", "Close it: [ab] or [0-9]."),
        ("{run:[0-9}]", 6, "the class is not closed", "Close it: [ab] or [0-9]."),
        ("run[]", 4, "the class is empty", "Write [ab], [0-9] or [!ab]."),
        ("run[!]", 4, "the class is empty", "Write [ab], [0-9] or [!ab]."),
        ("[^ab]", 1, "'^' is not how a class says not", "Write [!ab]."),
        ("[9-0]", 1, "the range 9-0 runs backwards", "Write [0-9]."),
        ("a[*]", 2, f"[*] {EMPTY_CLASS}", f"Change the class. {NAMES_HOLD}"),
        ("[!-.0-9A-Z_a-z]", 1, f"[!-.0-9A-Z_a-z] {EMPTY_CLASS}", f"Change the class. {NAMES_HOLD}"),
        ("swf.{run", 5, "the capture is not closed", "Close it: {run} or {run:[0-9]*}."),
        (
            "{a:{b}}",
            4,
            "a capture cannot stand inside another",
            "Put one after the other: {a}.{b}.",
        ),
        ("{}", 1, "'' cannot be the name of a capture", CAPTURES),
        ("{a,b}", 1, "'a,b' cannot be the name of a capture", CAPTURES),
        ("{a}.{a}", 5, "there are two captures 'a'", "Rename one: {a2}."),
        ("{a:}", 1, "the capture 'a' is empty", "Write {a} or {a:[0-9]*}."),
        (".raw", 1, BEGINNING, BEGIN_SO),
        ("{a:[._]}x", 4, BEGINNING, BEGIN_SO),
    ],
)
def test_a_bad_mask_is_refused_at_its_column_with_what_to_write(
    mask: str, column: int, problem: str, hint: str
) -> None:
    with pytest.raises(InvalidMask) as caught:
        parse_mask(mask)
    assert caught.value.message == f"Mask {mask!r}, column {column}: {problem}."
    assert caught.value.hint == hint
    assert caught.value.facts == {"mask": mask, "column": column}


@pytest.mark.parametrize(
    ("mask", "column", "hint"),
    [
        ("a b", 2, f"Leave it out; {LIST}"),
        ("a//b", 2, "Leave it out, or write '.' where the parts of the name meet."),
        ("spd:a", 4, "Leave out the scope: a mask is over the name alone."),
        ("a|b", 2, f"T{LIST[1:]}"),
        ("a,b", 2, f"T{LIST[1:]}"),
        ("a]", 2, "Open the class with '[' or leave out the ']'."),
        ("a}", 2, "Open the capture with '{' or leave out the '}'."),
        ("a\\.b", 2, "Masks are globs and need no escapes: write the character itself."),
        ("^a", 1, "Masks are globs, not regular expressions: write *, ?, [ab] or {name}."),
        ("(a)", 1, "Masks are globs, not regular expressions: write *, ?, [ab] or {name}."),
        ("é", 1, "Leave it out."),
    ],
)
def test_a_character_that_no_name_holds_is_refused(mask: str, column: int, hint: str) -> None:
    with pytest.raises(InvalidMask) as caught:
        parse_mask(mask)
    problem = f"{mask[column - 1]!r} can never match, no name holds it"
    assert caught.value.message == f"Mask {mask!r}, column {column}: {problem}."
    assert caught.value.hint == f"{hint} {NAMES_HOLD}"


def test_a_mask_of_more_than_256_characters_is_refused() -> None:
    with pytest.raises(InvalidMask) as caught:
        parse_mask("a" * 257)
    assert "column 257: it is longer than 256 characters" in caught.value.message
    assert caught.value.hint == "Put a * for part of the name."


@pytest.mark.parametrize(
    ("mask", "name", "expected"),
    [
        ("swf.*.run", "swx.1.run", (2, "f.*.run")),
        ("swf.*.run", "swf.1.raw", (9, ".run")),
        ("swf.{n:[0-9]*}.run", "swf.", (4, "{n:[0-9]*}.run")),
        ("swf.{n}.run", "swf", (3, ".{n}.run")),
    ],
)
def test_the_missing_part_says_how_far_a_mask_reads(
    mask: str, name: str, expected: tuple[int, str]
) -> None:
    assert missing_part(parse_mask(mask), name) == expected
