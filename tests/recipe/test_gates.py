"""``waitFor``: which other datasets a task waits for."""

import json

import pytest
from tests.recipe.test_plan import DATASET, ENTRY

from penstock_core.contracts.workflow import Gate
from penstock_core.errors import InvalidInput, InvalidTemplate
from recipe.compile import compile
from recipe.model import Recipe
from recipe.plan import plan


def waiting(chain: dict[str, str], wait_for: object, masks: tuple[str, ...] = ()) -> Recipe:
    hint = json.dumps(wait_for)
    text = chain["chain.cwl"].replace("retry: 4}", f"retry: 4, waitFor: {hint}}}")
    return compile({**chain, "chain.cwl": text}, "chain.cwl", masks=masks)


@pytest.mark.parametrize(
    ("hint", "gates"),
    [
        ("swf.{run}.calib", (Gate(mask="swf.{run}.calib"),)),
        (
            ["a.{run}", {"mask": "b.*", "until": "open"}],
            (Gate(mask="a.{run}"), Gate(mask="b.*", until="open")),
        ),
        ({"mask": "c.[0-9]?"}, (Gate(mask="c.[0-9]?"),)),
    ],
)
def test_a_hint_is_a_mask_or_several(
    chain: dict[str, str], hint: object, gates: tuple[Gate, ...]
) -> None:
    assert waiting(chain, hint).step("decode").gates == gates


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        ("", "it is empty"),
        ("a b", "' ' can never match"),
        ("swf.{run:[0-9]*}.calib", "holds a brace that names nothing"),
        (7, "waitFor: 7 is no mask"),
        ({"dataset": "x"}, "waitFor.0.mask: Field required"),
        ({"mask": "x", "until": "gone"}, "waitFor.0.until: Input should be 'open' or 'closed'"),
    ],
)
def test_what_can_fit_no_name_is_refused_at_its_line(
    chain: dict[str, str], hint: object, message: str
) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        waiting(chain, hint)
    assert caught.value.message.startswith("chain.cwl:20:")
    assert message in caught.value.message


def test_planning_fills_in_captures_and_metadata(chain: dict[str, str]) -> None:
    recipe = waiting(chain, ["swf.{run}.{stream}.calib", "{input}.ped*"], ("run{run}.raw",))
    dataset = DATASET.model_copy(update={"metadata": {"stream": "physics", "run": 1}})
    planned = plan(recipe, ENTRY, dataset, {"run": "42"})
    assert planned.tasks[0].gates == (
        Gate(mask="swf.42.physics.calib"),
        Gate(mask="run42.raw.ped*"),
    )
    assert [task.gates for task in planned.tasks[1:]] == [(), (), ()]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [({}, "it has no stream"), ({"stream": "a b*"}, r"its stream is 'a b\*', which no name holds")],
)
def test_a_dataset_that_lacks_a_word_cannot_be_planned(
    chain: dict[str, str], metadata: dict[str, str], message: str
) -> None:
    recipe = waiting(chain, "swf.{stream}.calib")
    with pytest.raises(InvalidInput, match=message):
        plan(recipe, ENTRY, DATASET.model_copy(update={"metadata": metadata}), {})


def test_a_word_that_only_metadata_can_give_is_warned_of(chain: dict[str, str]) -> None:
    recipe = waiting(chain, "swf.{run}.{stream}.{n}", ("run{run}.raw",))
    assert [w for w in recipe.warnings if "waitFor" in w] == [
        "step decode: waitFor names {stream}, which no mask catches: "
        "a dataset without it in its metadata is not taken"
    ]
