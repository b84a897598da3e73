"""A job document is complete: cwltool runs it from disk, alone."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.recipe.documents import BROADCAST

from recipe.compile import compile
from recipe.model import Recipe

# cwltool leaves a tool's standard input to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

File = Callable[[str, str], dict[str, str]]
RunJob = Callable[..., dict[str, Any]]


def text_of(result: dict[str, Any], port: str) -> str:
    with open(result[port]["location"].removeprefix("file://")) as stream:
        return stream.read()


def test_a_job_runs_by_itself_with_a_file_of_the_bundle(
    chain: dict[str, str], run_job: RunJob, file: File
) -> None:
    decode = compile(chain, "chain.cwl").step("decode")
    result = run_job(decode.job_document, {"raw": file("a.raw", "hit 1\nhit 2\n")}, chain)
    assert text_of(result, "decoded") == "muon 1\nmuon 2\n"


def test_a_value_goes_to_the_tool(chain: dict[str, str], run_job: RunJob, file: File) -> None:
    select = compile(chain, "chain.cwl").step("select")
    events = file("a.txt", "muon 1\npion 2\n")
    assert text_of(run_job(select.job_document, {"events": events}, {}), "selected") == "muon 1\n"
    pions = run_job(select.job_document, {"events": events, "word": "pion"}, {})
    assert text_of(pions, "selected") == "pion 2\n"


def test_a_merge_takes_every_file_in_order(
    chain: dict[str, str], run_job: RunJob, file: File
) -> None:
    merge = compile(chain, "chain.cwl").step("merge")
    parts = [file("1", "one\n"), file("2", "two\n")]
    assert text_of(run_job(merge.job_document, {"parts": parts}, {}), "merged") == "one\ntwo\n"


def test_a_broadcast_file_comes_as_a_list_of_one(run_job: RunJob, file: File) -> None:
    apply = compile({"w.cwl": BROADCAST}, "w.cwl").step("apply")
    inputs = {"f": file("f", "event\n"), "constants": [file("c", "constant\n")]}
    assert text_of(run_job(apply.job_document, inputs, {}), "applied") == "event\nconstant\n"


def test_a_whole_workflow_runs_as_one_job(
    chain: dict[str, str], run_job: RunJob, file: File
) -> None:
    recipe = compile({**chain, "outer.cwl": OUTER}, "outer.cwl")
    files = [file("a.raw", "hit\npion\n"), file("b.raw", "hit\n")]
    result = run_job(recipe.step("whole").job_document, {"raw_files": files}, chain)
    assert text_of(result, "number").split()[0] == "2"


def test_value_from_stays_in_the_job(run_job: RunJob, file: File) -> None:
    recipe = compile({"w.cwl": VALUE_FROM}, "w.cwl")
    result = run_job(recipe.step("name").job_document, {"f": file("run7.raw", ""), "n": 4}, {})
    assert text_of(result, "out") == "run7.raw 4 1,2\n"


def test_no_full_name_is_left(chain: dict[str, str]) -> None:
    recipe = compile({**chain, "outer.cwl": OUTER}, "outer.cwl")
    assert "penstock-bundle" not in str([s.job_document for s in recipe.steps])


def test_spds_job_gives_standard_output_and_error_as_files(
    spd_document: dict[str, Any], run_job: RunJob, file: File
) -> None:
    recipe = _spd(spd_document)
    result = run_job(recipe.step("decoding").job_document, {"dataset_name": file("a.raw", "x")}, {})
    words = text_of(result, "output_dataset").split()
    assert words[0].endswith("/a.raw")
    given = ["processing_program", "processing_program_version", "cable_map", "input_params"]
    assert words[1:] == given
    assert text_of(result, "log_dataset") == ""


def _spd(document: dict[str, Any]) -> Recipe:
    import json

    return compile({"t.json": json.dumps(document)}, "t.json", masks=["*.test.*"])


OUTER = """\
cwlVersion: v1.2
class: Workflow
requirements: {SubworkflowFeatureRequirement: {}}
inputs: {files: "File[]"}
steps:
  whole:
    run: chain.cwl
    in: {raw_files: files}
    out: [number]
outputs: {number: {type: File, outputSource: whole/number}}
"""
VALUE_FROM = """\
cwlVersion: v1.2
class: Workflow
requirements:
  ScatterFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  MultipleInputFeatureRequirement: {}
inputs:
  files: File[]
  n: {type: int, default: 3}
  one: {type: string, default: "1"}
  two: {type: string, default: "2"}
steps:
  name:
    run:
      class: CommandLineTool
      baseCommand: [echo]
      inputs:
        text: {type: string, inputBinding: {position: 1}}
        number: {type: int, inputBinding: {position: 2}}
        list: {type: "string[]", inputBinding: {position: 3, itemSeparator: ","}}
      stdout: name
      outputs: {out: stdout}
    scatter: f
    in:
      f: files
      text: {valueFrom: $(inputs.f.basename)}
      n: n
      number: {valueFrom: $(inputs.n)}
      list: {source: [one, two]}
    out: [out]
outputs: []
"""
