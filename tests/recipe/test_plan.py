"""A plan is a function of recipe, template, dataset and rerun."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_core.contracts.workflow import CatalogueEntry, DatasetRef, Need, PauseAt
from penstock_core.errors import InvalidTemplate
from penstock_core.states import DatasetState, TemplateStatus
from recipe.compile import compile
from recipe.plan import dataset_name, plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENTRY = CatalogueEntry(
    template_id=7,
    name="dimuon",
    version=2,
    status=TemplateStatus.ACTUAL,
    masks=("run{run}.raw",),
    exclude=(),
    where=(),
    namespace="*",
    effective_from=NOW,
    recipe_digest="",
)
DATASET = DatasetRef(
    uid="u1",
    namespace="default",
    scope="daq",
    name="run42.raw",
    state=DatasetState.OPEN,
    registered_at=NOW,
)


def test_each_step_is_a_task_that_reads_its_producer(chain: dict[str, str]) -> None:
    planned = plan(compile(chain, "chain.cwl"), ENTRY, DATASET, {})
    assert (planned.template_id, planned.dataset_uid, planned.scope) == (7, "u1", "daq")
    assert [(t.step, t.mode, t.reads, t.needs) for t in planned.tasks] == [
        ("decode", "map", "", (Need(step="", until="open"),)),
        ("select", "map", "decode", (Need(step="decode", until="open"),)),
        ("merge", "merge", "select", (Need(step="select", until="closed"),)),
        ("count", "map", "merge", (Need(step="merge", until="open"),)),
    ]


def test_outputs_are_named_by_the_pattern(chain: dict[str, str]) -> None:
    recipe = compile(chain, "chain.cwl")
    first = plan(recipe, ENTRY, DATASET, {}).tasks[0]
    assert first.output_name == "run42.raw.dimuon.decode.v2"
    assert first.log_name == "run42.raw.dimuon.decode.v2.log"
    again = plan(recipe, ENTRY, DATASET, {}, rerun=3).tasks[0]
    assert again.output_name == "run42.raw.dimuon.decode.v2.try3"


def test_a_successor_and_a_delta_have_outputs_of_their_own(chain: dict[str, str]) -> None:
    named = chain["chain.cwl"].replace("retry: 4}", 'retry: 4, output: "hits-{run}-v{n}"}')
    for text, wanted in [
        (chain["chain.cwl"], "run42.raw.s2.dimuon.decode.v2"),
        (named, "hits-42-v2.s2"),
    ]:
        recipe = compile({**chain, "chain.cwl": text}, "chain.cwl", masks=["run{run}.raw"])
        change = {"name": "run42.raw.s2", "logical": "run42.raw"}
        made = plan(recipe, ENTRY, DATASET.model_copy(update=change), {"run": "42"})
        assert made.tasks[0].output_name == wanted
        again = plan(recipe, ENTRY, DATASET.model_copy(update=change), {"run": "42"}, rerun=1)
        assert again.tasks[0].output_name == f"{wanted}.try1"


def test_a_pattern_may_name_captures(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("retry: 4}", 'retry: 4, output: "hits-{run}-v{n}"}')
    recipe = compile({**chain, "chain.cwl": text}, "chain.cwl", masks=["run{run}.raw"])
    assert plan(recipe, ENTRY, DATASET, {"run": "42"}).tasks[0].output_name == "hits-42-v2"


def test_what_a_step_says_of_failure_goes_with_its_task(chain: dict[str, str]) -> None:
    said = "retry: 4, pauseAt: {rate: 0.1, after: 50}, acceptLoss: 0.02}"
    text = chain["chain.cwl"].replace("retry: 4}", said)
    recipe = compile({**chain, "chain.cwl": text}, "chain.cwl")
    decode, select, *_ = plan(recipe, ENTRY, DATASET, {}).tasks
    assert (decode.pause_at, decode.accept_loss) == (PauseAt(rate=0.1, after=50), 0.02)
    assert (select.pause_at, select.accept_loss) == (PauseAt(rate=0.5, after=20), 0)


def test_a_pattern_may_name_only_what_every_mask_catches(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("retry: 4}", 'retry: 4, output: "hits-{run}-v{n}"}')
    with pytest.raises(InvalidTemplate, match=r"names \{run\}"):
        compile({**chain, "chain.cwl": text}, "chain.cwl", masks=["run{run}.raw", "*.raw"])


def test_two_steps_may_not_name_their_outputs_alike(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("retry: 4}", 'retry: 4, output: "{input}.v{n}"}')
    text = text.replace(
        "    label: Count",
        '    hints: [{class: "penstock:Task", output: "{input}.v{n}"}]\n    label: Count',
    )
    with pytest.raises(InvalidTemplate, match="'decode' and 'count' name their outputs alike"):
        compile({**chain, "chain.cwl": text}, "chain.cwl")


def test_a_closed_trigger_waits_for_the_closed_dataset(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("retry: 4}", "retry: 4, trigger: closed}")
    recipe = compile({**chain, "chain.cwl": text}, "chain.cwl")
    assert plan(recipe, ENTRY, DATASET, {}).tasks[0].needs == (Need(step="", until="closed"),)


def test_foreign_characters_and_trailing_digits_are_mended() -> None:
    assert dataset_name("run 42/raw") == "run_42_raw"
    assert dataset_name("run.42") == "run.v42"
    assert dataset_name("_run") == "d_run"


@given(st.text(max_size=600))
def test_any_text_becomes_a_good_name(text: str) -> None:
    name = dataset_name(text + ".x.v1")
    assert len(name + ".log") <= 250
    assert name[0].isalnum()
    assert not name.rsplit(".", 1)[-1].isdigit()
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in name)


def test_long_names_stay_different() -> None:
    assert dataset_name("a" * 400 + "1.v1") != dataset_name("a" * 400 + "2.v1")
