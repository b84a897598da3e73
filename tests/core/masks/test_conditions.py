"""Conditions on metadata: what they say, when they hold, how they fail, when they clash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_core.errors import InvalidMask
from penstock_core.masks import Condition, parse_condition
from penstock_core.masks.conditions import Failure
from penstock_core.masks.contradiction import find_contradiction

EXAMPLES = "Write it like: stream = physics, run >= 1000, state in (run, calib)."
QUOTES = f'Put a value that holds blanks or signs in quotes: "my value". {EXAMPLES}'


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("stream = physics", Condition("stream", "=", ("physics",))),
        ("run>=1000", Condition("run", ">=", ("1000",))),
        (" x != 'a b' ", Condition("x", "!=", ("a b",))),
        ("state in (run, calib)", Condition("state", "in", ("run", "calib"))),
        ('state  not  in( run,"it\'s" )', Condition("state", "not in", ("run", "it's"))),
        ('x = ""', Condition("x", "=", ("",))),
        ("t < -2.5e3", Condition("t", "<", ("-2.5e3",))),
    ],
)
def test_a_condition_is_read_and_written_again(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition
    assert parse_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("run = 7", "007"),
        ("run = 7", 7.0),
        ("run >= 1000", "1000"),
        ("run > 999", 1000),
        ("run != 7", 8),
        ("stream = physics", "physics"),
        ("stream not in (a, b)", "c"),
        ("polarised = true", True),
        ("day >= 2025-09-01", "2025-10-01"),
        ("n = 12345678901234567890123", 12345678901234567890123),
    ],
)
def test_a_condition_holds(text: str, value: object) -> None:
    assert parse_condition(text).check({text.split()[0]: value}) is None


@pytest.mark.parametrize(
    ("text", "facts", "seen", "reason"),
    [
        ("run >= 1000", {"run": "7"}, "7", "run >= 1000 fails: run is 7"),
        ("run >= 1000", {}, None, "run >= 1000 fails: there is no run"),
        ("run != 1", {"run": None}, None, "run != 1 fails: there is no run"),
        ("run < 9", {"run": "abc"}, "abc", "run < 9 fails: run is abc, which is not a number"),
        ("run < 9", {"run": "nan"}, "nan", "run < 9 fails: run is nan, which is not a number"),
        ("s not in (a, b)", {"s": "a"}, "a", "s not in (a, b) fails: s is a"),
        ("s = 'a b'", {"s": True}, "true", 's = "a b" fails: s is true'),
    ],
)
def test_a_failure_names_the_clause_and_the_value_seen(
    text: str, facts: dict[str, object], seen: str | None, reason: str
) -> None:
    condition = parse_condition(text)
    assert condition.check(facts) == Failure(condition, seen, reason)


@pytest.mark.parametrize(
    ("text", "column", "problem", "hint"),
    [
        ("", 1, "it does not begin with the name of a metadatum", EXAMPLES),
        ("= 5", 1, "it does not begin with the name of a metadatum", EXAMPLES),
        ("run", 4, "after 'run' there is none of = != < <= > >= in, not in", EXAMPLES),
        ("run == 5", 5, "after 'run' there is none of = != < <= > >= in, not in", EXAMPLES),
        ("run ~ 5", 5, "after 'run' there is none of = != < <= > >= in, not in", EXAMPLES),
        ("run =", 6, "here should be a value", QUOTES),
        ("run = 'a", 7, "here should be a value", QUOTES),
        ("run in (1, )", 12, "here should be a value", QUOTES),
        ("run in 1", 8, "here should be a list in parentheses", EXAMPLES),
        ("run in (1, 2", 13, "the list is not closed", "Close it: state in (run, calib)."),
        ("run in (1) or", 11, "the condition goes on after its list", EXAMPLES),
        (
            "run > 5 and run < 9",
            9,
            "the condition goes on after its value '5'",
            'Put a value of several words in quotes; give "and" as two conditions of the list.',
        ),
    ],
)
def test_a_bad_condition_is_refused_at_its_column(
    text: str, column: int, problem: str, hint: str
) -> None:
    with pytest.raises(InvalidMask) as caught:
        parse_condition(text)
    assert caught.value.message == f"Condition {text!r}, column {column}: {problem}."
    assert caught.value.hint == hint
    assert caught.value.facts == {"condition": text, "column": column}


def test_a_condition_longer_than_1024_characters_is_refused() -> None:
    with pytest.raises(InvalidMask, match="longer than 1024 characters"):
        parse_condition("run = " + "1" * 1024)


@pytest.mark.parametrize(
    "texts",
    [
        ["run > 5", "run < 3"],
        ["run > 5", "run <= 5"],
        ["run >= 5", "run < 5"],
        ["s = a", "s = b"],
        ["s in (a, b)", "s not in (b, a)"],
        ["run = 7", "run != 007"],
        ["run in (1, 2)", "x = 1", "run > 2"],
        ["s = a", "s > 5"],
    ],
)
def test_conditions_that_clash_are_found(texts: list[str]) -> None:
    conditions = [parse_condition(text) for text in texts]
    assert find_contradiction(conditions) == tuple(c for c in conditions if c.key != "x")


conditions = st.one_of(
    st.builds(
        Condition,
        st.just("k"),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from(["1", "2", "02", "3", "a", "b"]).map(lambda value: (value,)),
    ),
    st.builds(
        Condition,
        st.just("k"),
        st.sampled_from(["in", "not in"]),
        st.lists(st.sampled_from(["1", "2", "3", "a"]), min_size=1, max_size=3).map(tuple),
    ),
)


@given(
    st.lists(conditions, min_size=1, max_size=4),
    st.sampled_from(["0", "1", "1.5", "2", "02", "2.5", "3", "4", "a", "b", "c", ""]),
)
def test_conditions_that_some_value_fulfils_never_clash(every: list[Condition], value: str) -> None:
    if all(each.holds(value) for each in every):
        assert find_contradiction(every) == ()
