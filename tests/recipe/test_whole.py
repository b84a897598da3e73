"""Workflows of which no steps over datasets can be made run whole, as one job."""

import pytest

from penstock_core.errors import InvalidTemplate
from recipe.compile import compile
from recipe.model import Mode, Recipe, Trigger

TOOL = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cp
inputs:
  f: {type: File, inputBinding: {position: 1}}
  n: int?
hints:
  ResourceRequirement: {coresMin: 3, ramMin: 500}
  ToolTimeLimit: {timelimit: 60}
stdout: o
outputs: {out: stdout}
"""
WORKFLOW = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, MultipleInputFeatureRequirement: {}}
inputs: {files: "File[]", numbers: {type: "int[]", default: [1, 2]}}
steps:
  copy:
    run: tool.cwl
    scatter: [f, n]
    scatterMethod: flat_crossproduct
    in: {f: files, n: numbers}
    out: [out]
outputs:
  all: {type: "File[]", outputSource: copy/out}
  count: {type: "int[]", outputSource: numbers}
"""


def whole(main: str = WORKFLOW, tool: str = TOOL) -> Recipe:
    return compile({"main.cwl": main, "tool.cwl": tool}, "main.cwl")


def test_what_cannot_be_divided_is_one_job_over_the_closed_dataset() -> None:
    recipe = whole()
    (step,) = recipe.steps
    assert (step.name, step.mode, step.trigger) == ("workflow", Mode.MERGE, Trigger.CLOSED)
    assert [(link.key, link.take) for link in step.links] == [("files", "all")]
    assert [value.key for value in step.values] == ["numbers"]
    assert [(p.name, p.kind, p.many) for p in step.ports] == [
        ("all", "file", True),
        ("count", "object", False),
    ]
    assert step.job_document["steps"][0]["scatterMethod"] == "flat_crossproduct"
    (warning,) = recipe.warnings
    assert warning.startswith("The whole workflow runs as one job: main.cwl:9:5: scatterMethod")
    assert "To divide it: Scatter over one input" in warning


def test_a_workflow_for_one_file_runs_whole_for_each() -> None:
    text = WORKFLOW.replace('files: "File[]"', "files: File")
    text = text.replace("scatter: [f, n]\n    scatterMethod: flat_crossproduct", "scatter: n")
    recipe = whole(text)
    (step,) = recipe.steps
    assert (step.mode, step.trigger, step.links[0].take) == (Mode.MAP, Trigger.OPEN, "each")
    assert recipe.warnings[0].startswith("The whole workflow runs as a job for each file:")


def test_its_job_needs_what_its_most_demanding_tool_does() -> None:
    two = WORKFLOW.replace(
        "outputs:",
        "  again:\n    run: tool.cwl\n    scatter: f\n    in: {f: files}\n    out: [out]\noutputs:",
        1,
    )
    need = whole(two).steps[0].resources
    assert (need.cores, need.memory_mib, need.time_limit_s) == (3, 500, 120)


def test_steps_that_have_settings_of_their_own_are_not_put_together() -> None:
    text = WORKFLOW.replace(
        "out: [out]", "out: [out]\n    hints: [{class: penstock:Task, rank: 3}]"
    )
    with pytest.raises(InvalidTemplate, match=r"main\.cwl:9:5: scatterMethod flat_crossproduct"):
        whole(text)


def test_settings_of_the_workflow_are_those_of_the_job() -> None:
    text = WORKFLOW.replace("steps:", "hints: [{class: penstock:Task, rank: 3, retry: 0}]\nsteps:")
    (step,) = whole(text).steps
    assert (step.rank, step.retry) == (3, 0)


def test_nobody_runs_an_operation() -> None:
    with pytest.raises(InvalidTemplate, match="not taken: Operation"):
        whole(
            tool="cwlVersion: v1.2\nclass: Operation\ninputs: {f: File, n: int?}\n"
            "outputs: {out: File}\n"
        )


def test_a_workflow_that_takes_no_file_is_started_by_its_dataset() -> None:
    tool = TOOL.replace("type: File,", "type: string,")
    recipe = compile({"tool.cwl": tool}, "tool.cwl", values={"f": "x"})
    assert (recipe.input, recipe.steps[0].mode) == ("", Mode.SINGLE)
    assert recipe.warnings == ("no step reads the dataset",)


def test_a_part_of_a_packed_document_is_named_behind_its_path() -> None:
    graph = (
        '{"cwlVersion": "v1.2", "$graph": ['
        '{"id": "one", "class": "CommandLineTool", "baseCommand": "true", "inputs": [],'
        ' "outputs": []},'
        '{"id": "main", "class": "CommandLineTool", "baseCommand": "false", "inputs": [],'
        ' "outputs": []}]}'
    )
    documents = {"packed#1.json": graph}
    assert compile(documents, "packed#1.json").steps[0].label == "false"
    assert compile(documents, "packed#1.json#one").steps[0].label == "true"
    with pytest.raises(InvalidTemplate, match="no process with the id 'two'"):
        compile(documents, "packed#1.json#two")


def test_files_may_have_names_that_mean_something_in_an_address() -> None:
    tool = TOOL.replace(
        "  n: int?",
        "  n: int?\n  d: {type: File, default: {class: File, location: 'a%20%23b:c%25.txt'}}",
    )
    recipe = compile({"tool.cwl": tool, "a #b:c%.txt": "x"}, "tool.cwl", "f")
    (default,) = [spec.default for spec in recipe.inputs if spec.name == "d"]
    assert default["location"] == "bundle:a #b:c%.txt"


def test_an_order_may_have_requirements_of_its_own() -> None:
    values = {"cwl:requirements": [{"class": "EnvVarRequirement", "envDef": {"A": "b"}}]}
    (step,) = compile({"tool.cwl": TOOL}, "tool.cwl", values=values).steps
    assert "cwl:requirements" in [value.key for value in step.values]
