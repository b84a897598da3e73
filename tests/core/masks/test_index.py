"""The index: which literal a mask waits under, and that it is never told from plain trying."""

import doctest

import pytest

from penstock_core import masks
from penstock_core.masks import MaskIndex, Selector, parse_mask
from penstock_core.masks.index import literals


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("swf.*.run", ["^swf.", ".run$"]),
        ("*.test.*", [".test."]),
        ("swf.1", ["^swf.1$"]),
        ("{x:a}[b]?c[de]*", ["^ab", "c"]),
        ("*[0-9]?", []),
    ],
)
def test_the_literals_of_a_mask_say_where_they_stand(mask: str, expected: list[str]) -> None:
    assert list(literals(parse_mask(mask))) == expected


def test_an_index_of_nothing_matches_nothing() -> None:
    assert MaskIndex[str]({}).match("swf.1.run") == []


def test_a_mask_without_literal_is_always_tried() -> None:
    assert MaskIndex({"any": Selector.parse(["*"])}).candidates("swf.1.run") == ["any"]


def test_a_selector_is_found_once_though_several_masks_fit() -> None:
    index = MaskIndex({7: Selector.parse(["swf.*", "*.run", "*"])})
    assert [key for key, _ in index.match("swf.1.run")] == [7]


def test_all_selectors_with_one_mask_are_found_in_the_order_given() -> None:
    index = MaskIndex({key: Selector.parse(["*.test.*"]) for key in "zay"})
    assert index.candidates("a.test.b") == ["z", "a", "y"]


def test_exclusion_conditions_and_namespace_are_looked_at_after_the_masks() -> None:
    index = MaskIndex(
        {
            "excluded": Selector.parse(["swf.*"], exclude=["*.run"]),
            "condition": Selector.parse(["swf.{n}.*"], where=["n > 5", "stream = physics"]),
            "namespace": Selector.parse(["swf.*"], namespace="tester"),
            "taken": Selector.parse(["swf.{n}.run"], namespace="default"),
        }
    )
    assert index.candidates("swf.7.run") == ["excluded", "condition", "namespace", "taken"]
    found = index.match("swf.7.run", "default", {"stream": "cosmics"})
    assert [(key, decision.captures) for key, decision in found] == [("taken", {"n": "7"})]
    found = index.match("swf.7.run", "tester", {"stream": "physics"})
    assert [key for key, _ in found] == ["condition", "namespace"]


def test_a_thousand_templates_are_told_apart() -> None:
    index = MaskIndex({n: Selector.parse([f"group{n}.*.raw"]) for n in range(1000)})
    assert [index.candidates(f"group{n}.ecal.raw") for n in (0, 10, 999, 1000)] == [
        [0],
        [10],
        [999],
        [],
    ]


def test_the_examples_of_the_package_are_true() -> None:
    assert doctest.testmod(masks).failed == 0
