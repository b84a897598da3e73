"""What a workflow means over datasets."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.recipe.documents import BROADCAST

from penstock_core.errors import InvalidTemplate
from recipe.compile import compile
from recipe.model import Link, Mode, Recipe, Trigger, Value

TOOL = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [cp]
inputs: {f: {type: File, inputBinding: {position: 1}}}
arguments: [{position: 2, valueFrom: copy}]
outputs: {out: {type: File, outputBinding: {glob: copy}}}
"""


def step(recipe: Recipe, name: str) -> tuple[Mode, Trigger, tuple[Link, ...]]:
    found = recipe.step(name)
    return found.mode, found.trigger, found.links


def test_a_scattered_file_list_is_a_map_and_an_unscattered_one_a_merge(
    chain: dict[str, str],
) -> None:
    recipe = compile(chain, "chain.cwl")
    assert recipe.input == "raw_files"
    assert [s.name for s in recipe.steps] == ["decode", "select", "merge", "count"]
    assert step(recipe, "decode") == (Mode.MAP, Trigger.OPEN, (Link(key="raw", take="each"),))
    assert step(recipe, "select")[2] == (
        Link(key="events", step="decode", port="decoded", take="each"),
    )
    assert step(recipe, "merge") == (
        Mode.MERGE,
        Trigger.CLOSED,
        (Link(key="parts", step="select", port="selected", take="all"),),
    )


def test_one_file_of_a_dataset_is_mapped(chain: dict[str, str]) -> None:
    count = compile(chain, "chain.cwl").step("count")
    assert count.mode is Mode.MAP
    assert count.links == (Link(key="merged", step="merge", port="merged", take="each"),)


def test_steps_come_after_what_they_read_and_else_in_the_order_of_the_document(
    chain: dict[str, str],
) -> None:
    swapped = chain["chain.cwl"].replace("  decode:\n", "  zdecode:\n")
    swapped = swapped.replace("decode/decoded", "zdecode/decoded")
    recipe = compile({**chain, "chain.cwl": swapped}, "chain.cwl")
    assert [s.name for s in recipe.steps] == ["zdecode", "select", "merge", "count"]


def test_inputs_beside_the_dataset_take_values(chain: dict[str, str]) -> None:
    recipe = compile(chain, "chain.cwl", values={"word": "electron"})
    assert {i.name: i.required for i in recipe.inputs} == {
        "cable_map": False,
        "word": False,
        "title": False,
    }
    assert recipe.step("select").values == (Value(key="word", input="word"),)
    [cable_map] = [i for i in recipe.inputs if i.name == "cable_map"]
    assert cable_map.default == {"class": "File", "location": "bundle:maps/cable.map"}


def test_hints_and_requirements_become_settings(chain: dict[str, str]) -> None:
    decode = compile(chain, "chain.cwl").step("decode")
    assert (decode.rank, decode.retry) == (3, 4)
    need = decode.resources
    assert (need.cores, need.memory_mib, need.time_limit_s) == (2, 512, 300)
    assert (need.container, need.device) == ("debian:12", "CPU")


def test_exec_is_the_label_or_the_command(chain: dict[str, str]) -> None:
    recipe = compile(chain, "chain.cwl")
    assert [s.label for s in recipe.steps] == ["sed", "grep", "cat", "Count lines"]


def test_a_hint_overrides_the_trigger(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("retry: 4}", "retry: 4, trigger: closed}")
    recipe = compile({**chain, "chain.cwl": text}, "chain.cwl")
    assert recipe.step("decode").trigger is Trigger.CLOSED


def test_a_tool_by_itself_is_a_workflow_of_one_step() -> None:
    recipe = compile({"tools/copy.cwl": TOOL}, "tools/copy.cwl")
    assert recipe.input == "f"
    assert [s.name for s in recipe.steps] == ["copy"]
    assert step(recipe, "copy") == (Mode.MAP, Trigger.OPEN, (Link(key="f", take="each"),))


def test_a_tool_that_takes_a_list_is_a_merge() -> None:
    recipe = compile({"cat.cwl": TOOL.replace("type: File,", 'type: "File[]",', 1)}, "cat.cwl")
    assert step(recipe, "cat") == (Mode.MERGE, Trigger.CLOSED, (Link(key="f", take="all"),))


def test_a_tools_bindings_inside_a_type_stay_in_the_tool() -> None:
    record = "{type: record, fields: {x: {type: int, inputBinding: {prefix: -x}}}}"
    text = TOOL.replace("inputs: {", f"inputs: {{r: {{type: {record}, default: {{x: 1}}}}, ")
    recipe = compile({"copy.cwl": text}, "copy.cwl")
    assert next(i for i in recipe.inputs if i.name == "r").type["fields"] == [
        {"name": "x", "type": "int"}
    ]
    assert "prefix" in json.dumps(recipe.steps[0].job_document["inputs"])


def test_a_tools_bundle_default_is_kept_as_a_reference() -> None:
    text = TOOL.replace("inputs: {", "inputs: {g: {type: File, default: {class: File, path: g}}, ")
    recipe = compile({"t/copy.cwl": text, "t/g": "x"}, "t/copy.cwl")
    assert recipe.inputs[0].default == {"class": "File", "location": "bundle:t/g"}


def test_a_workflow_for_one_file_is_a_chain_of_maps(chain: dict[str, str]) -> None:
    text = (
        chain["chain.cwl"]
        .replace("raw_files: File[]", "raw_files: File")
        .replace("    scatter: raw\n", "")
        .replace("    scatter: events\n", "")
        .replace('parts: {type: "File[]"', "parts: {type: File")
    )
    recipe = compile({**chain, "chain.cwl": text}, "chain.cwl")
    assert {s.mode for s in recipe.steps} == {Mode.MAP}
    assert {link.take for s in recipe.steps for link in s.links} == {"each"}


def test_one_file_beside_scattered_ones_goes_to_every_job() -> None:
    apply = compile({"w.cwl": BROADCAST}, "w.cwl").step("apply")
    assert apply.links == (
        Link(key="f", take="each"),
        Link(key="constants", step="calibrate", port="constants", take="all"),
    )
    [constants] = [i for i in apply.job_document["steps"][0]["in"] if i["id"] == "constants"]
    assert constants["pickValue"] == "the_only_non_null"


def test_several_scattered_inputs_are_zipped(chain: dict[str, str]) -> None:
    text = BROADCAST.replace("scatter: f", "scatter: [f, constants]\n    scatterMethod: dotproduct")
    text = text.replace("calibrate/constants", "files")
    apply = compile({"w.cwl": text}, "w.cwl").step("apply")
    assert {(link.key, link.take) for link in apply.links} == {("f", "each"), ("constants", "each")}


def test_a_packed_document_starts_with_main() -> None:
    tool = json.dumps({"id": "copy", **_plain_tool()})
    packed = f"""\
cwlVersion: v1.2
$graph:
- {tool}
- id: main
  class: Workflow
  requirements: {{ScatterFeatureRequirement: {{}}}}
  inputs: {{files: "File[]"}}
  steps:
    copy: {{run: "#copy", scatter: f, in: {{f: files}}, out: [out]}}
  outputs: []
"""
    recipe = compile({"packed.cwl": packed}, "packed.cwl")
    assert step(recipe, "copy") == (Mode.MAP, Trigger.OPEN, (Link(key="f", take="each"),))


def _plain_tool() -> dict[str, object]:
    return {
        "class": "CommandLineTool",
        "baseCommand": "cat",
        "inputs": [{"id": "f", "type": "File", "inputBinding": {"position": 1}}],
        "stdout": "o",
        "outputs": [{"id": "out", "type": "stdout"}],
    }


def test_a_workflow_as_a_step_is_one_job(chain: dict[str, str]) -> None:
    outer = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, SubworkflowFeatureRequirement: {}}
inputs: {files: {type: {type: array, items: {type: array, items: File}}}, again: "File[]"}
steps:
  whole:
    run: chain.cwl
    in: {raw_files: again}
    out: [number]
outputs: {number: {type: File, outputSource: whole/number}}
"""
    recipe = compile({**chain, "outer.cwl": outer}, "outer.cwl", "again", values={"files": []})
    assert step(recipe, "whole")[0] is Mode.MERGE
    inner = recipe.step("whole").job_document["steps"][0]["run"]
    assert inner["class"] == "Workflow"
    assert inner["outputs"][0]["outputSource"] == "count/number"


def test_a_conditional_steps_output_may_be_missing() -> None:
    text = BROADCAST.replace("    scatter: f\n", "    scatter: f\n    when: $(inputs.f.size > 3)\n")
    text = text.replace("cwlVersion: v1.2\n", "cwlVersion: v1.2\n", 1)
    apply = compile({"w.cwl": text}, "w.cwl").step("apply")
    assert apply.ports[0].optional
    assert apply.job_document["outputs"][0]["type"] == ["null", "File"]


def test_an_ambiguous_input_names_the_candidates(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("title: string?", "title: File")
    with pytest.raises(InvalidTemplate, match="candidates: raw_files, title"):
        compile({**chain, "chain.cwl": text}, "chain.cwl")
    values = {"title": {"class": "File", "basename": "t", "contents": ""}}
    asked = compile({**chain, "chain.cwl": text}, "chain.cwl", "raw_files", values=values)
    assert asked.input == "raw_files"
    draft = compile({**chain, "chain.cwl": text}, "chain.cwl", draft=True)
    assert draft.input in ("raw_files", "title")


def test_what_may_be_left_out_is_not_asked_for_beside_what_may_not(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("title: string?", "title: File?")
    assert compile({**chain, "chain.cwl": text}, "chain.cwl").input == "raw_files"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"wrod": "x"}, "there is no input 'wrod'"),
        ({"word": 3}, "3 does not fit input 'word' of type string"),
        ({"cable_map": "cable"}, "does not fit input 'cable_map' of type File"),
        ({"cable_map": {"class": "File", "location": "/etc/shadow"}}, "is no file of the bundle"),
        ({"cable_map": {"class": "File", "path": "maps/cable.map"}}, "name it bundle:<path>"),
        ({"raw_files": []}, "there is no input 'raw_files' that takes a value"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    chain: dict[str, str], values: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidTemplate, match=message):
        compile(chain, "chain.cwl", "raw_files", values=values)


def test_a_required_input_without_value_is_named(chain: dict[str, str]) -> None:
    text = chain["chain.cwl"].replace("title: string?", "title: string")
    with pytest.raises(InvalidTemplate, match="required inputs without value or default: title"):
        compile({**chain, "chain.cwl": text}, "chain.cwl")
    compile({**chain, "chain.cwl": text}, "chain.cwl", values={"title": "t"})


def test_a_value_may_be_a_file_of_the_bundle(chain: dict[str, str]) -> None:
    other = {"class": "File", "location": "bundle:maps/other.map"}
    compile({**chain, "maps/other.map": ""}, "chain.cwl", values={"cable_map": other})


@pytest.mark.parametrize("folder", ["physics", "md5", "spd"])
def test_the_templates_that_come_with_penstock_compile(folder: str) -> None:
    root = Path(__file__).parents[2] / "templates" / folder
    documents = {p.name: p.read_text() for p in root.iterdir() if p.is_file()}
    for path in root.glob("*template.yaml"):
        template = YAML(typ="safe").load(path)
        assert compile(
            documents,
            template["main"],
            template.get("input", ""),
            masks=template["masks"],
            values=template.get("values") or {},
        ).steps


TYPES = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [cat]
requirements:
  SchemaDefRequirement:
    types:
      - {name: Mode, type: enum, symbols: [fast, slow]}
      - $import: geometry.yml
inputs:
  f: {type: File, inputBinding: {position: 1}}
  mode: {type: Mode, default: fast}
  geometry: "geometry.yml#Geometry?"
stdout: o
outputs: {out: stdout}
"""
GEOMETRY = "name: Geometry\ntype: record\nfields:\n  - {name: z, type: int}\n"


def test_types_by_name_are_written_out_and_checked() -> None:
    documents = {"t.cwl": TYPES, "geometry.yml": GEOMETRY}
    recipe = compile(documents, "t.cwl", values={"mode": "slow", "geometry": {"z": 3}})
    types = {spec.name: spec.type for spec in recipe.inputs}
    assert types["mode"]["symbols"] == ["fast", "slow"]
    assert types["geometry"][1]["fields"] == [{"name": "z", "type": "int"}]
    for wrong in ({"mode": "quick"}, {"geometry": {"z": "3"}}, {"geometry": {"x": 3}}):
        with pytest.raises(InvalidTemplate, match="does not fit"):
            compile(documents, "t.cwl", values=wrong)


SINGLE = """\
cwlVersion: v1.2
class: Workflow
inputs: {files: "File[]", word: {type: string, default: x}}
steps:
  write:
    run:
      class: CommandLineTool
      baseCommand: [echo]
      inputs: {word: {type: string, inputBinding: {position: 1}}}
      stdout: o
      outputs: {out: stdout}
    in: {word: word}
    out: [out]
outputs: []
"""


def test_a_step_without_dataset_is_single_and_the_unread_dataset_is_noticed() -> None:
    recipe = compile({"w.cwl": SINGLE}, "w.cwl")
    assert step(recipe, "write") == (Mode.SINGLE, Trigger.CLOSED, ())
    assert recipe.warnings == ("no step reads the dataset",)


def test_an_output_that_is_no_file_is_an_object() -> None:
    text = TOOL.replace(
        "outputs: {", "outputs: {n: {type: int, outputBinding: {outputEval: $(1)}}, "
    )
    recipe = compile({"copy.cwl": text}, "copy.cwl")
    assert recipe.warnings == ()
    assert [(p.name, p.kind) for p in recipe.steps[0].ports] == [("n", "object"), ("out", "file")]


def test_the_same_documents_give_the_same_recipe(chain: dict[str, str]) -> None:
    assert compile(chain, "chain.cwl") == compile(dict(reversed(chain.items())), "chain.cwl")


def test_a_recipe_survives_json(chain: dict[str, str]) -> None:
    recipe = compile(chain, "chain.cwl")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
