"""What a selector takes, why it does not, and which are refused because they never could."""

import pytest

from penstock_core.errors import InvalidMask
from penstock_core.masks import Decision, Selector, overlap, parse_mask
from penstock_core.masks.inclusion import is_swallowed

SELECTOR = Selector.parse(
    ["swf.{run:[0-9]*}.raw", "*.test.{run}"],
    exclude=["*.bad.*"],
    where=["run >= 1000", "stream = physics"],
    namespace="default",
)
PHYSICS = {"stream": "physics"}


@pytest.mark.parametrize(
    ("name", "namespace", "metadata", "decision"),
    [
        (
            "swf.1042.raw",
            "default",
            PHYSICS,
            Decision(
                True,
                "mask swf.{run:[0-9]*}.raw fits, and run >= 1000 and stream = physics",
                "swf.{run:[0-9]*}.raw",
                {"run": "1042"},
            ),
        ),
        (
            "swf.1042.raw",
            "tester",
            PHYSICS,
            Decision(False, "takes namespace default only; this one is tester", "default"),
        ),
        (
            "swf.1.bad.raw",
            "default",
            PHYSICS,
            Decision(False, "excluded by mask *.bad.*", "*.bad.*"),
        ),
        (
            "swf.7.raw",
            "default",
            PHYSICS,
            Decision(False, "run >= 1000 fails: run is 7", "run >= 1000", {"run": "7"}),
        ),
        (
            "swf.1042.raw",
            "default",
            {},
            Decision(
                False,
                "stream = physics fails: there is no stream",
                "stream = physics",
                {"run": "1042"},
            ),
        ),
        (
            "swf.1042.reco",
            "default",
            PHYSICS,
            Decision(
                False,
                "no mask fits; the nearest, swf.{run:[0-9]*}.raw, finds nothing for its '.raw'",
                "swf.{run:[0-9]*}.raw",
            ),
        ),
    ],
)
def test_a_decision_names_the_clause_that_decided(
    name: str, namespace: str, metadata: dict[str, object], decision: Decision
) -> None:
    assert SELECTOR.decide(name, namespace, metadata) == decision


def test_a_name_that_no_mask_begins_is_told_where_it_stops() -> None:
    decision = Selector.parse(["swf.*", "run[0-9]*"]).decide("runs.1")
    assert decision.reason == (
        "no mask fits; the nearest, run[0-9]*, stops at column 4 of the name, 's'"
    )


def test_of_several_fitting_masks_the_first_that_fulfils_the_conditions_counts() -> None:
    selector = Selector.parse(["{run}.*.x", "*.{run}.x"], where=["run > 5"])
    assert selector.decide("1.9.x").captures == {"run": "9"}
    assert selector.decide("8.9.x").captures == {"run": "8"}


def test_a_capture_counts_before_metadata_of_the_same_name() -> None:
    selector = Selector.parse(["swf.{run}"], where=["run = 7"])
    assert selector.decide("swf.7", metadata={"run": 8}).matched


def test_the_namespace_star_takes_all() -> None:
    assert Selector.parse(["*"]).decide("a", "anybody").matched


@pytest.mark.parametrize(
    ("masks", "exclude", "where", "message", "hint"),
    [
        (
            [],
            [],
            [],
            "There is no mask, so nothing can ever match.",
            "Give at least one; * takes every dataset.",
        ),
        (
            ["swf.*.raw", "swf.1"],
            ["swf.*"],
            [],
            "Nothing can ever match: swf.* excludes all that swf.*.raw or swf.1 takes.",
            "Narrow the exclusion, or widen the mask.",
        ),
        (
            ["*"],
            ["[a-z]*", "[!a-z]*"],
            [],
            "Nothing can ever match: [a-z]* or [!a-z]* excludes all that * takes.",
            "Narrow the exclusion, or widen the mask.",
        ),
        (
            ["*"],
            [],
            ["run > 5", "stream = physics", "run < 3"],
            "The conditions can never hold together: run > 5 and run < 3.",
            "Change or remove one of the conditions on run.",
        ),
    ],
)
def test_a_selector_that_can_never_match_is_refused(
    masks: list[str], exclude: list[str], where: list[str], message: str, hint: str
) -> None:
    with pytest.raises(InvalidMask) as caught:
        Selector.parse(masks, exclude, where)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_selector_with_one_mask_left_is_good() -> None:
    assert Selector.parse(["swf.*.raw", "run.*"], ["swf.*"]).decide("run.1").matched


def test_a_long_mask_inside_a_like_exclusion_is_refused() -> None:
    with pytest.raises(InvalidMask, match="can ever match"):
        Selector.parse(["*a" + "?" * 100], ["*[ab]" + "?" * 100])


def test_a_proof_of_exclusion_that_grows_too_large_is_given_up() -> None:
    mask, halves = parse_mask("?" * 30), ["*a" + "?" * 14 + "*", "*[!a]" + "?" * 14 + "[a-m]*"]
    exclude = [parse_mask(text) for text in [*halves, "*[!a]" + "?" * 14 + "[!a-m]*"]]
    assert not is_swallowed(mask, exclude)


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        ("swf.*.raw", "*.test.*", "swf.test.raw"),
        ("a*", "b*", None),
        ("*.[0-9]", "{x}", "a.0"),
        ("run[0-4]", "run[5-9]", None),
        ("*" * 256, "*", "a"),
        ("*a" * 128, "*b" * 128, None),
    ],
)
def test_the_overlap_of_two_masks_is_shown_by_a_name(
    one: str, other: str, example: str | None
) -> None:
    assert overlap(parse_mask(one), parse_mask(other)) == example
