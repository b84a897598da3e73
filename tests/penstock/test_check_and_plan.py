"""Templates are checked and planned without a running Penstock."""

import pytest

MERGE = """
cwlVersion: v1.2
class: Workflow
inputs:
  files: File[]
outputs: []
steps:
  gather:
    run: tool.cwl
    in:
      wrong: files
    out: []
"""
TOOL = """
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  files:
    type: File[]
    inputBinding: {}
outputs: []
"""


@pytest.fixture
def flawed(tmp_path):
    (tmp_path / "tool.cwl").write_text(TOOL)
    (tmp_path / "flow.cwl").write_text(MERGE)
    return tmp_path / "flow.cwl"


def test_good_templates_pass_with_their_steps(command, templates):
    ran = command("template", "check", templates / "physics" / "template.yaml", "--json")
    assert ran.code == 0
    assert ran.json[0]["steps"] == ["decode", "reconstruct", "merge", "plot"]
    assert ran.err == ""


def test_a_document_alone_brings_along_what_it_runs(command, templates):
    ran = command("template", "check", templates / "md5" / "md5.cwl")
    assert (ran.code, "good" in ran.out) == (0, True)


def test_a_fault_is_told_with_file_line_and_column(command, flawed):
    ran = command("template", "check", flawed)
    assert ran.code == 1
    [line] = [line for line in ran.out.splitlines() if "flow.cwl" in line][:1]
    assert f"{flawed}:10:" in line


def test_faults_as_json_are_one_document(command, flawed):
    ran = command("template", "check", flawed, "--json")
    assert ran.code == 1
    [fault] = ran.json[0]["faults"]
    assert (fault["file"], fault["line"]) == (str(flawed), 10)


@pytest.mark.parametrize("name", ["nowhere.cwl", "nowhere.yaml"])
def test_a_file_that_is_not_there_is_told(command, name):
    ran = command("template", "check", name)
    assert (ran.code, name in ran.out) == (1, True)


def test_outside_of_its_folder_a_document_names_tools_and_nothing_else(command, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    good = MERGE.replace("wrong", "files").replace("tool.cwl", "../tool.cwl")
    (tmp_path / "tool.cwl").write_text(TOOL)
    (inner / "flow.cwl").write_text(good)
    assert command("template", "check", inner / "flow.cwl").code == 0
    (tmp_path / "secret").write_text("a key")
    (inner / "flow.cwl").write_text(good + "doc: {$include: ../secret}\n")
    ran = command("template", "check", inner / "flow.cwl")
    assert (ran.code, "a key" in ran.out) == (1, False)


def test_a_document_alone_may_leave_open_what_a_template_says(command, tmp_path):
    tool = TOOL.replace("inputs:\n", "inputs:\n  other: File\n  word: string\n")
    (tmp_path / "tool.cwl").write_text(tool)
    ran = command("template", "check", tmp_path / "tool.cwl")
    assert ran.code == 0
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "the dataset goes to files" in " ".join(lines)
    assert "asks for word: string, required" in " ".join(lines)


def test_a_plan_names_every_output(command, templates):
    file = templates / "physics" / "template.yaml"
    ran = command("template", "plan", file, "swf.101983.run", "--json")
    assert ran.code == 0
    names = [task["output_name"] for task in ran.json["tasks"]]
    assert names[0] == "swf.101983.run.dimuon.decode.v1"
    assert len(names) == 4


def test_a_plan_is_drawn_as_table_and_tree(command, templates):
    ran = command("template", "plan", templates / "physics" / "template.yaml", "swf.101983.run")
    assert "decode → swf.101983.run.dimuon.decode.v1" in ran.out
    assert "reconstruct is closed" in ran.out


def test_spds_dialect_is_planned_with_its_mask(command, templates):
    file = templates / "spd" / "decoding-reconstruction.spd.json"
    ran = command("template", "plan", file, "run1.test.raw", "--mask", "*.test.*", "--json")
    assert [task["exec"] for task in ran.json["tasks"]] == ["processing_program"] * 2


def test_no_plan_for_what_no_mask_fits(command, templates):
    ran = command("template", "plan", templates / "physics" / "template.yaml", "other")
    assert (ran.code, ran.out) == (1, "")
    assert "dimuon does not take other" in ran.err
    assert "Hint:" in ran.err


def test_wrong_usage_is_status_2(command, templates):
    assert command("template", "plan", "one-word").code == 2
    file = templates / "md5" / "template.yaml"
    assert command("template", "plan", file, "a.md5.b", "--meta", "no-equals").code == 2
    assert command("task", "rank", "0", "1").code == 2
    assert command("nonsense").code == 2


def test_spds_document_without_a_mask_is_told_how_to_give_it(command, templates):
    file = templates / "spd" / "decoding-reconstruction.spd.json"
    ran = command("template", "check", file)
    assert (ran.code, "--mask" in ran.out) == (1, True)
    assert command("template", "check", file, "--mask", "*.test.*").code == 0


CHAIN = """\
cwlVersion: v1.2
class: Workflow
$namespaces: {penstock: "https://penstock.dev/cwl#"}
inputs: {files: "File[]", limit: int}
outputs: []
steps:
  gather:
    run: tool.cwl
    hints:
      - class: penstock:Task
        waitFor: ["swf.{run}.calib", {mask: "swf.{run}.map", until: open}]
        group: {files: 100, size_bytes: 2000000000}
    in: {files: files, limit: limit}
    out: []
"""


@pytest.fixture
def gated(tmp_path):
    """A template whose step waits for a calibration, merges in groups and has values by run."""
    limit = "inputs:\n  limit: {type: int, inputBinding: {}}\n"
    (tmp_path / "tool.cwl").write_text(TOOL.replace("inputs:\n", limit, 1))
    (tmp_path / "chain.cwl").write_text(CHAIN)
    (tmp_path / "template.yaml").write_text(
        "name: gated\nmasks: ['swf.{run}.run']\nmain: chain.cwl\ndocuments: [tool.cwl]\n"
        "value_ranges: {limit: [{from: 1, to: 9, value: 16}, {from: 10, value: 32}]}\n"
    )
    return tmp_path / "template.yaml"


def test_a_check_tells_what_steps_wait_for_and_how_they_merge(command, gated):
    ran = command("template", "check", gated, "--json")
    assert ran.json[0]["notes"] == [
        "gather waits for swf.{run}.calib to be closed",
        "gather waits for swf.{run}.map to be there",
        "gather merges groups: 100 files or 2 GB",
        "limit by run: runs 1 to 9, runs from 10 on",
    ]
    assert "gather waits for swf.{run}.calib" in command("template", "check", gated).out


def test_a_plan_tells_the_gates_and_the_values_of_its_run(command, gated):
    ran = command("template", "plan", gated, "swf.42.run")
    shown = " ".join(ran.out.split())
    assert "swf.42.calib is closed" in shown
    assert "merge, groups: 100 files or 2 GB" in shown
    assert "value of limit 32" in shown
    assert command("template", "plan", gated, "swf.7.run", "--json").json["values"] == {"limit": 16}


def test_a_run_without_a_value_has_no_plan(command, gated):
    text = gated.read_text().replace(", {from: 10, value: 32}", "")
    gated.write_text(text)
    ran = command("template", "plan", gated, "swf.42.run")
    assert (ran.code, ran.out) == (1, "")
    assert "No value of limit is for run 42 (there is: runs 1 to 9)" in ran.err


def test_a_fault_of_a_range_is_told_with_its_field(command, gated):
    gated.write_text(gated.read_text().replace("from: 10", "from: 9"))
    ran = command("template", "check", gated)
    assert ran.code == 1
    assert "runs 1 to 9 and runs from 9 on overlap" in " ".join(ran.out.split())
