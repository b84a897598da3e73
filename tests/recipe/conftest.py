"""Documents of a physics-like chain, SPD's sample, and cwltool itself as the runner."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

for name in ("cwltool", "salad"):
    logging.getLogger(name).setLevel(logging.ERROR)

DECODE = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [sed]
arguments: [{prefix: -f, valueFrom: $(inputs.cable_map)}]
hints:
  ResourceRequirement: {coresMin: 2, ramMin: 512}
  ToolTimeLimit: {timelimit: 300}
  DockerRequirement: {dockerPull: "debian:12"}
inputs:
  cable_map: File
  raw: {type: File, inputBinding: {position: 1}}
stdout: decoded.txt
outputs: {decoded: stdout}
"""
CHAIN = """\
cwlVersion: v1.2
class: Workflow
$namespaces: {penstock: "https://penstock.dev/cwl#"}
requirements:
  ScatterFeatureRequirement: {}
inputs:
  raw_files: File[]
  cable_map:
    type: File
    default: {class: File, location: maps/cable.map}
  word: {type: string, default: muon}
  title: string?
steps:
  decode:
    run: tools/decode.cwl
    scatter: raw
    in: {raw: raw_files, cable_map: cable_map}
    out: [decoded]
    hints:
      - {class: "penstock:Task", rank: 3, retry: 4}
  select:
    run:
      class: CommandLineTool
      baseCommand: [grep]
      inputs:
        word: {type: string, inputBinding: {position: 1}}
        events: {type: File, inputBinding: {position: 2}}
      successCodes: [0, 1]
      stdout: selected.txt
      outputs: {selected: stdout}
    scatter: events
    in: {word: word, events: decode/decoded}
    out: [selected]
  merge:
    run:
      class: CommandLineTool
      baseCommand: [cat]
      inputs:
        parts: {type: "File[]", inputBinding: {position: 1}}
      stdout: merged.txt
      outputs: {merged: stdout}
    in: {parts: select/selected}
    out: [merged]
  count:
    label: Count lines
    run:
      class: CommandLineTool
      baseCommand: [wc, -l]
      inputs:
        merged: File
      stdin: $(inputs.merged.path)
      stdout: count.txt
      outputs: {number: stdout}
    in: {merged: merge/merged}
    out: [number]
outputs:
  number: {type: File, outputSource: count/number}
"""


@pytest.fixture
def chain() -> dict[str, str]:
    """A four-step chain: decode and select each file, merge, count."""
    return {
        "chain.cwl": CHAIN,
        "tools/decode.cwl": DECODE,
        "maps/cable.map": "s/hit/muon/\n",
    }


def spd_step() -> dict[str, Any]:
    given = ["processing_program", "processing_program_version", "cable_map", "input_params"]
    types = {name: {"type": "string"} for name in ["dataset_name", *given[:2]]}
    types |= {name: {"type": "File"} for name in given[2:]}
    return {
        "run": {
            "class": "CommandLineTool",
            "baseCommand": "echo",
            "inputs": types,
            "outputs": {"output_dataset": {"type": "File"}, "log_dataset": {"type": "File"}},
        },
        "in": {"dataset_name": "*.test.*", **{name: name for name in given}},
        "out": "[output_dataset, log_dataset]",
    }


@pytest.fixture
def spd_document() -> dict[str, Any]:
    """The two-step template of SPD's slides."""
    return {"steps": {"decoding": spd_step(), "reconstruction": spd_step()}}


RunJob = Callable[..., dict[str, Any]]


@pytest.fixture
def run_job(tmp_path: Path) -> RunJob:
    """A function that runs a job document from disk by cwltool and returns its outputs."""

    def run(
        document: Mapping[str, Any], inputs: Mapping[str, Any], bundle: Mapping[str, str]
    ) -> dict[str, Any]:
        from cwltool.context import LoadingContext, RuntimeContext
        from cwltool.factory import Factory

        for path, text in bundle.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        materialised = json.dumps(document).replace('"bundle:', f'"file://{tmp_path}/')
        (tmp_path / "job.cwl").write_text(materialised)
        (tmp_path / "out").mkdir(exist_ok=True)
        factory = Factory(
            loading_context=LoadingContext({"disable_js_validation": True, "doc_cache": False}),
            runtime_context=RuntimeContext(
                {"use_container": False, "outdir": str(tmp_path / "out"), "basedir": str(tmp_path)}
            ),
        )
        result = factory.make(str(tmp_path / "job.cwl"))(**inputs)
        assert isinstance(result, dict)
        return result

    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], dict[str, str]]:
    """A function that writes a file and returns the CWL object for it."""

    def write(name: str, text: str) -> dict[str, str]:
        (tmp_path / name).write_text(text)
        return {"class": "File", "location": f"file://{tmp_path}/{name}"}

    return write
