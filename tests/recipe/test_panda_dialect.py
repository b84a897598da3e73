"""PanDA's dialect comes out as standard CWL that plain cwltool runs, and what is lost is told."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from penstock_core.errors import InvalidTemplate
from recipe.compile import compile
from recipe.panda_dialect import rewrite

CHAIN = """\
cwlVersion: v1.0
class: Workflow
inputs: []
outputs:
  outDS: {type: string, outputSource: bottom/outDS}
steps:
  top:
    run: prun
    in:
      opt_exec: {default: "echo %RNDM:10 > seed.txt; echo $(echo side) > side.txt"}
      opt_args: {default: "--outputs seed.txt,side.txt --nJobs 3 --avoidVP --site BNL"}
    out: [outDS]
  middle:
    run: prun
    in:
      opt_inDS: top/outDS
      opt_inDsType: {default: seed.txt}
      opt_secondaryDSs: [top/outDS]
      opt_secondaryDsTypes: {default: [side.txt]}
      opt_exec: {default: "cat %IN > made.root; echo %{DS1} | tr , '\\n' | wc -l >> made.root"}
      opt_args: {default: "--outputs made.root --nCore=2 --memory=500"}
    out: [outDS]
  bottom:
    run: prun
    when: $(self.good)
    in:
      opt_inDS: middle/outDS
      opt_exec: {default: "tr -d '\\n' < %IN > final.txt"}
      opt_args: {default: "--outputs out:final.txt"}
    out: [outDS]
"""
ONE = """\
cwlVersion: v1.0
class: Workflow
inputs: []
outputs: {outDS: {type: string, outputSource: one/outDS}}
steps:
  one:
    run: prun
    in:
      opt_inDS: {default: group.daq:swf.7.run}
      opt_exec: {default: "cp %IN out.dat"}
      opt_args: {default: "--outputs out.dat --containerImage docker://eic/reco:1"}
    out: [outDS]
"""


def test_a_chain_runs_under_plain_cwltool(tmp_path: Path) -> None:
    imported = rewrite(CHAIN, "chain.cwl")
    (tmp_path / "new.cwl").write_text(yaml.safe_dump(imported.workflow))
    command = [sys.executable, "-m", "cwltool", "--quiet", "--outdir", "made", "new.cwl"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    made = sorted(path.read_text() for path in (tmp_path / "made").iterdir())
    assert made == ["103", "113", "123"]


def test_what_has_no_counterpart_is_told_with_its_line() -> None:
    told = [str(one) for one in rewrite(CHAIN, "chain.cwl").left_out]
    assert told == [
        "chain.cwl:11:7: left out: step top: --site",
        "chain.cwl:11:7: left out: step top: BNL",
        "chain.cwl:25:5: left out: step bottom: when",
    ]


def test_a_dataset_from_outside_is_the_workflow_s_input() -> None:
    workflow = rewrite(ONE, "one.cwl").workflow
    recipe = compile({"one.cwl": yaml.safe_dump(workflow)}, "one.cwl")
    [step] = recipe.steps
    assert recipe.input == "group_daq_swf_7_run"
    assert (step.mode, step.resources.container) == ("map", "eic/reco:1")
    needs = rewrite(CHAIN, "x.cwl").workflow["steps"]["middle"]["run"]["hints"]
    assert needs["ResourceRequirement"] == {"coresMin": 2, "ramMin": 500}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("bottom:\n    run: prun", "bottom:\n    run: junction"),
            "junction",
        ),
        (("--outputs out:final.txt", ""), "no --outputs in opt_args"),
        (
            ("opt_inDsType: {default: seed.txt}", "opt_inDsType: {default: x}"),
            "which output of top",
        ),
    ],
)
def test_what_cannot_be_rewritten_is_refused_at_its_line(
    change: tuple[str, str], message: str
) -> None:
    before, after = change
    assert before in CHAIN
    with pytest.raises(InvalidTemplate, match=message) as told:
        rewrite(CHAIN.replace(before, after), "chain.cwl")
    assert told.value.facts["diagnostics"][0]["line"] > 1


def test_an_upload_without_import_names_the_command() -> None:
    with pytest.raises(InvalidTemplate, match=r"one\.cwl:7:5: step one runs prun") as told:
        compile({"one.cwl": ONE}, "one.cwl")
    assert "penstock template import-panda" in told.value.hint


def test_standard_cwl_is_not_imported() -> None:
    text = "cwlVersion: v1.2\nclass: Workflow\ninputs: {}\noutputs: {}\nsteps: {}\n"
    with pytest.raises(InvalidTemplate, match="not PanDA's dialect"):
        rewrite(text, "x.cwl")
