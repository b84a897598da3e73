"""Templates that take outputs must not be able to go on for ever."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recipe.test_matching import dataset, entry

from penstock_core.errors import InvalidMask
from penstock_core.masks import Selector
from recipe.feeding import Node, feeds, find_loop, node_of
from recipe.model import OUTPUT_PATTERN, Recipe, Step
from recipe.plan import plan


def recipe(*patterns: str) -> Recipe:
    steps = tuple(
        Step(
            name=f"step{n}",
            mode="map",
            trigger="open",
            links=(),
            values=(),
            ports=(),
            job_document={},
            label="",
            output_pattern=pattern,
        )
        for n, pattern in enumerate(patterns or (OUTPUT_PATTERN,))
    )
    return Recipe(input="f", inputs=(), steps=steps, documents={})


def node(
    name: str, masks: Sequence[str], exclude: Sequence[str] = (), namespace: str = "*", *out: str
) -> Node:
    return node_of(name, Selector.parse(masks, exclude, (), namespace), recipe(*out))


def test_a_mask_that_fits_its_own_outputs_is_a_loop_with_an_example() -> None:
    loop = find_loop(node("reco", ["*.raw.*"]), [])
    assert loop is not None
    assert loop.names == ("reco",)
    assert ".reco.step0.v" in loop.example


@pytest.mark.parametrize(
    ("masks", "exclude"),
    [
        (["swf.{run}.raw"], []),
        (["*.decode.v[0-9]"], ["*.reco.*"]),
        (["*"], ["*.reco.step0.*"]),
    ],
)
def test_what_cannot_fit_its_own_outputs_is_none(masks: list[str], exclude: list[str]) -> None:
    assert find_loop(node("reco", masks, exclude), []) is None


def test_reruns_are_outputs_too() -> None:
    assert find_loop(node("reco", ["*.try[0-9]"]), []) is not None


def test_two_templates_that_take_each_others_outputs_are_a_loop() -> None:
    one, other = node("a", ["*.b.step0.v[0-9]"]), node("b", ["*.a.step0.v[0-9]"])
    assert find_loop(one, []) is None
    loop = find_loop(other, [one])
    assert loop is not None
    assert loop.names == ("b", "a")


def test_templates_of_two_namespaces_never_meet() -> None:
    one = node("a", ["*.b.*"], ["*.a.*"], "one")
    assert feeds(node("b", ["*"], ["*.b.*"], "two"), one) == ""
    assert feeds(node("b", ["*"], ["*.b.*"], "*"), one) != ""


names = st.lists(st.sampled_from(["a", "b", "raw", "1"]), min_size=1, max_size=3).map(".".join)
signs = st.lists(st.sampled_from(["a", "b", "raw", ".", "*", "{x}", "1"]), min_size=1, max_size=5)
patterns = st.sampled_from(
    [OUTPUT_PATTERN, "{input}.b", "a.{template}.{step}", "{step}.{input}.v{n}"]
)


members = st.sampled_from(["", ".s2", ".d10"])


@given(masks=signs, pattern=patterns, name=names, member=members, rerun=st.integers(0, 2))
def test_an_output_that_is_taken_was_foreseen(
    masks: list[str], pattern: str, name: str, member: str, rerun: int
) -> None:
    """The law: what find_loop lets pass never takes an output of its own."""
    try:
        takes = Selector.parse(["".join(masks)])
    except InvalidMask:
        return
    made = recipe(pattern)
    decision = takes.decide(name)
    if not decision.matched or find_loop(node_of("t", takes, made), []):
        return
    taken = dataset(name + member, logical=name)
    chain = plan(made, entry(1, name="t"), taken, decision.captures, rerun)
    assert not takes.decide(chain.tasks[0].output_name).matched
