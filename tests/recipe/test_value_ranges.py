"""Values by run range: refused where they make no sense, taken by the dataset's run else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recipe.test_plan import DATASET, ENTRY

from penstock_core.contracts.workflow import ValueRange
from penstock_core.errors import InvalidInput, InvalidTemplate
from recipe.compile import compile
from recipe.plan import plan
from recipe.value_ranges import values_of


def ranges(*rows: tuple[int | None, int | None, Any]) -> tuple[ValueRange, ...]:
    return tuple(ValueRange(first=first, last=last, value=value) for first, last, value in rows)


def test_a_range_is_written_from_to_value_and_read_back() -> None:
    text = {"from": 1, "to": None, "value": "a"}
    assert ValueRange.model_validate(text).model_dump(mode="json") == text


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"wort": ranges((1, 2, "a"))}, "there is no input 'wort' that takes a value"),
        ({"word": ranges((1, 2, 7))}, "7 does not fit input 'word' of type string"),
        ({"word": ranges((9, 2, "a"))}, "runs 9 to 2 end before they begin"),
        (
            {"word": ranges((None, 5, "a"), (7, 9, "c"), (5, 6, "b"))},
            "of word: runs up to 5 and runs 5 to 6 overlap",
        ),
        (
            {"word": ranges((1, None, "a"), (7, 9, "c"))},
            "of word: runs from 1 on and runs 7 to 9 overlap",
        ),
        (
            {"cable_map": ranges((1, 2, {"class": "File", "location": "bundle:none.map"}))},
            "'bundle:none.map' is no file of the bundle",
        ),
    ],
)
def test_ranges_that_make_no_sense_are_refused(
    chain: dict[str, str], table: Any, message: str
) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        compile(chain, "chain.cwl", value_ranges=table)
    assert message in caught.value.message
    assert caught.value.field.startswith("value_ranges.")


def test_a_required_input_may_have_its_values_by_run_alone(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("{type: string, default: muon}", "string")
    recipe = compile(
        {**chain, "chain.cwl": text}, "chain.cwl", value_ranges={"word": ranges((1, 9, "e"))}
    )
    assert [i.required for i in recipe.inputs if i.name == "word"] == [True]


@pytest.mark.parametrize(
    ("run", "word"), [(1, "early"), (41, "early"), (42, "late"), ("43", "late"), (50, "other")]
)
def test_a_run_gets_the_value_of_its_range_else_the_one_for_all(run: object, word: str) -> None:
    table = {"word": ranges((42, 49, "late"), (None, 41, "early"))}
    assert values_of({"word": "other", "n": 1}, table, {"run": run}) == {"word": word, "n": 1}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"run": 7}, r"No value of word is for run 7 \(there is: runs 8 to 9\)"),
        ({}, "it has no run"),
        ({"run": "cosmics"}, "its run is 'cosmics', which is no number"),
    ],
)
def test_a_dataset_for_which_there_is_no_value_is_told(facts: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        values_of({}, {"word": ranges((8, 9, "x"))}, facts)


def test_the_plan_carries_the_values_of_its_run(chain: dict[str, str]) -> None:
    entry = ENTRY.model_copy(
        update={"values": {"title": "t"}, "value_ranges": {"word": ranges((40, None, "tau"))}}
    )
    recipe = compile(chain, "chain.cwl")
    assert plan(recipe, entry, DATASET, {"run": "42"}).values == {"title": "t", "word": "tau"}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True), st.integers(0, 60))
def test_of_ranges_that_meet_exactly_one_takes_each_run(begins: list[int], run: int) -> None:
    starts = sorted(begins)
    ends = [*(s - 1 for s in starts[1:]), None]
    table = ranges(*((s, e, s) for s, e in zip(starts, ends, strict=True)))
    found = values_of({"x": None}, {"x": table}, {"run": run})["x"]
    assert found == max((s for s in starts if s <= run), default=None)
