"""SPD's dialect means what its slides show."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock_core.contracts.workflow import CatalogueEntry, DatasetRef, Need
from penstock_core.errors import InvalidTemplate
from penstock_core.states import DatasetState, TemplateStatus
from recipe.compile import compile
from recipe.model import Mode, Recipe, Trigger
from recipe.plan import plan

MASK = "*.test.*"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def compiled(document: dict[str, Any], mask: str = MASK) -> Recipe:
    return compile({"t.json": json.dumps(document, indent=1)}, "t.json", masks=[mask])


def refusal(document: dict[str, Any], mask: str = MASK) -> InvalidTemplate:
    with pytest.raises(InvalidTemplate) as caught:
        compiled(document, mask)
    return caught.value


def test_the_slides_row_comes_out(spd_document: dict[str, Any]) -> None:
    recipe = compiled(spd_document)
    assert recipe.dialect == "spd"
    rows = [(s.label, s.args, s.rank, s.resources.device, s.mode, s.retry) for s in recipe.steps]
    assert rows == [("processing_program", "cable_map", 1, "CPU", Mode.MAP, 5)] * 2
    assert [s.trigger for s in recipe.steps] == [Trigger.OPEN] * 2
    assert [s.log_port for s in recipe.steps] == ["log_dataset"] * 2
    assert [[p.name for p in s.ports] for s in recipe.steps] == [["output_dataset"]] * 2
    assert recipe.inputs == ()


def test_the_second_task_reads_the_firsts_output(spd_document: dict[str, Any]) -> None:
    entry = CatalogueEntry(
        template_id=3,
        name="template1",
        version=1,
        status=TemplateStatus.ACTUAL,
        masks=(MASK,),
        exclude=(),
        where=(),
        namespace="*",
        effective_from=NOW,
        recipe_digest="",
    )
    dataset = DatasetRef(
        uid="u",
        namespace="default",
        scope="daq",
        name="run42.test.raw",
        state=DatasetState.OPEN,
        registered_at=NOW,
    )
    first, second = plan(compiled(spd_document), entry, dataset, {}).tasks
    assert (first.reads, first.needs) == ("", (Need(step="", until="open"),))
    assert (second.reads, second.needs) == ("decoding", (Need(step="decoding", until="open"),))
    assert first.output_name == "run42.test.raw.template1.decoding.v1"
    assert second.log_name == "run42.test.raw.template1.reconstruction.v1.log"


def test_the_standard_cwl_that_it_means_compiles_to_the_same(spd_document: dict[str, Any]) -> None:
    recipe = compiled(spd_document)
    again = compile({"t.cwl": json.dumps(recipe.standard)}, "t.cwl")
    assert again.steps == recipe.steps
    assert recipe.standard["class"] == "Workflow"


def test_the_word_dataset_name_binds_as_well(spd_document: dict[str, Any]) -> None:
    for step in spd_document["steps"].values():
        step["in"]["dataset_name"] = "dataset_name"
    assert compiled(spd_document, "run*").steps == compiled(spd_document).steps


def test_the_chain_goes_by_the_order_of_the_steps(spd_document: dict[str, Any]) -> None:
    turned = {"steps": dict(reversed(spd_document["steps"].items()))}
    recipe = compiled(turned)
    assert [(s.name, s.links[0].step) for s in recipe.steps] == [
        ("reconstruction", ""),
        ("decoding", "reconstruction"),
    ]


def test_an_input_that_no_mask_binds_is_refused(spd_document: dict[str, Any]) -> None:
    error = refusal(spd_document, "other.*")
    assert "t.json:33:4: step 'decoding': no input takes the dataset" in error.message
    assert "'dataset_name' or 'other.*'" in error.message


def test_the_slides_nesting_is_refused_where_it_goes_wrong(spd_document: dict[str, Any]) -> None:
    inputs = spd_document["steps"]["decoding"]["run"]["inputs"]
    inputs["cable_map"]["input_params"] = inputs.pop("input_params")
    error = refusal(spd_document)
    assert "input 'input_params' stands inside input 'cable_map'" in error.message
    assert error.facts["diagnostics"][0]["line"] == 19
    assert error.hint == "Look for a brace that is not closed just before."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s["in"].update(out=s.pop("out")), "has no input 'out'"),
        (lambda s: s["in"].update(again={"run": 1}), "the value of 'again' must be plain text"),
        (lambda s: s["in"].pop("cable_map"), "`in` of 'decoding' gives no value for 'cable_map'"),
        (lambda s: s.update(outs=[]), "step 'decoding' has no field 'outs'"),
        (lambda s: s.update(out="[result]"), "step 'decoding' has output 'result'"),
        (lambda s: s.update(run="tool.cwl"), "step 'decoding': 'run' must be a mapping"),
        (lambda s: s["run"].pop("baseCommand"), "the tool of 'decoding' has no baseCommand"),
    ],
)
def test_a_fault_of_the_dialect_is_refused_with_its_line(
    spd_document: dict[str, Any], change: Any, message: str
) -> None:
    change(spd_document["steps"]["decoding"])
    error = refusal(spd_document)
    assert message in error.message
    assert error.facts["diagnostics"][0]["line"] > 0
