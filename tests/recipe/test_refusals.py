"""What is refused is refused at its line, with what to write instead."""

import time

import pytest

from penstock_core.errors import InvalidTemplate
from recipe.compile import compile

TOOL = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cp
inputs:
  f: {type: File, inputBinding: {position: 1}}
  n: int?
stdout: o
outputs: {out: stdout}
"""
WORKFLOW = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, MultipleInputFeatureRequirement: {}}
inputs: {files: "File[]", numbers: {type: "int[]", default: [1]}}
steps:
  copy:
    run: tool.cwl
    scatter: f
    in: {f: files}
    out: [out]
outputs: {}
"""


def refusal(main: str, **files: str) -> InvalidTemplate:
    documents = {"main.cwl": main, "tool.cwl": TOOL} | {
        f"{name}.cwl": text for name, text in files.items()
    }
    with pytest.raises(InvalidTemplate) as caught:
        compile(documents, "main.cwl")
    return caught.value


def changed(before: str, after: str) -> str:
    assert before in WORKFLOW
    return WORKFLOW.replace(before, after)


@pytest.mark.parametrize(
    ("main", "message"),
    [
        ("", "main.cwl:0:0: the file is empty"),
        ("- 1\n- 2\n", "main.cwl:1:1: the top level is a list, it must be a mapping"),
        ("hello", "main.cwl:1:1: the top level is a plain value, it must be a mapping"),
        ("a: \0", "main.cwl:0:0: not YAML: unacceptable character"),
        ("a: 1\nb: [1, 2\nc: 3\n", "main.cwl:3:2: not YAML: expected ',' or ']'"),
        ("a: 1\na: 2\n", "main.cwl:2:1: not YAML: found duplicate key"),
        ("a: &x [1]\nb: *x\n", "main.cwl:2:4: YAML aliases (*name) are not taken"),
        ("mask: *.test.*\n", "main.cwl:1:7: YAML aliases (*name) are not taken"),
        ("a: !!python/name:os.system x\n", "main.cwl:1:4: YAML tag"),
        ("[" * 3000 + "]" * 3000, "main.cwl:1:41: nested deeper than 40 levels"),
        ("[" + "1," * 60_000 + "]", "more than 50000 YAML nodes"),
        ("# " + "x" * 600_000, "main.cwl:0:0: larger than 512 KiB"),
        (changed("cwlVersion: v1.2\n", ""), "main.cwl:1:1: cwlVersion is missing"),
        (changed("v1.2", "draft-3"), "main.cwl:1:1: cwlVersion 'draft-3' is not taken"),
        (changed("tool.cwl", "tol.cwl"), "main.cwl:7:5: run: file 'tol.cwl' is not in the bundle"),
        (changed("tool.cwl", "http://x.org/t.cwl"), "main.cwl:7:5: run: http://x.org/t.cwl is out"),
        (changed("tool.cwl", "file:///etc/passwd"), "main.cwl:7:5: run: file:///etc/passwd is out"),
        (changed("tool.cwl", "/etc/passwd"), "main.cwl:7:5: run: /etc/passwd is outside"),
        (changed("tool.cwl", "../../etc/passwd"), "main.cwl:7:5: run: ../../etc/passwd is outside"),
        (changed("tool.cwl", "{$import: http://x/}"), "main.cwl:7:11: $import: http://x/ is out"),
        (
            changed("tool.cwl", "main.cwl"),
            "7:5: run: the document runs itself: main.cwl →",
        ),
        (changed("{f: files}", "{f: fils}"), "main.cwl:9:10: Field 'source' references unknown"),
        (
            changed("    scatter: f\n", ""),
            "'files' gives File[], incompatible with 'f': File",
        ),
        (changed("{f: files}", "{f: copy/out}"), "The following steps have circular dependency"),
        (changed("    out:", "    scater: x\n    out:"), "main.cwl:10:5: invalid field 'scater'"),
    ],
)
def test_a_bad_document_is_refused_at_its_line(main: str, message: str) -> None:
    assert message in refusal(main).message


@pytest.mark.parametrize(
    ("main", "message", "instead"),
    [
        (
            changed("scatter: f", "scatter: n").replace("{f: files}", "{n: numbers, f: files}"),
            "'files' gives File[], incompatible with 'f': File",
            "The types must agree",
        ),
        (
            changed("out: [out]", "out: [out]\n    hints: [{class: penstock:Task, site: x}]"),
            "main.cwl:11:36: not taken: site (in penstock:Task)",
            "Leave it out",
        ),
        (
            changed("out: [out]", "out: [out]\n    hints: [{class: penstock:Task, rnk: 2}]"),
            "main.cwl:11:36: penstock:Task: rnk: there is no such field",
            "It may have: rank, retry",
        ),
        (
            changed("out: [out]", "out: [out]\n    hints: [{class: penstock:Task, rank: 1000001}]"),
            "main.cwl:11:36: penstock:Task: rank: Input should be less than or equal to 1000000",
            "It may have: rank, retry",
        ),
        (
            changed(
                "out: [out]",
                "out: [out]\n    hints: [{class: penstock:Task, pauseAt: {rate: 2}}]",
            ),
            "main.cwl:11:36: penstock:Task: pauseAt.rate: Input should be less than or equal to 1",
            "pauseAt, acceptLoss",
        ),
        (
            changed("  copy:", f"  {'c' * 257}:"),
            "the step's name has 257 characters",
            "at most 256",
        ),
        (
            changed('files: "File[]"', 'files: {type: "File[]", secondaryFiles: [$(1)]}'),
            "not taken: secondaryFiles by an expression",
            "Give a pattern",
        ),
    ],
)
def test_what_is_not_taken_says_what_to_write(main: str, message: str, instead: str) -> None:
    error = refusal(main)
    assert message in error.message
    assert instead in error.hint


def test_the_diagnostics_are_data() -> None:
    [first, *_] = refusal(changed("{f: files}", "{f: fils}")).facts["diagnostics"]
    assert (first["file"], first["line"], first["column"]) == ("main.cwl", 9, 10)
    assert first["text"] == f"main.cwl:9:10: {first['message']}"


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (TOOL.replace("baseCommand", "basecommand"), "tool.cwl:3:1: invalid field 'basecommand'"),
        (
            TOOL.replace(
                "  n: int?",
                "  n:\n    type: File\n    default: {class: File, location: file:///etc/shadow}",
            ),
            "tool.cwl:8:28: File file:///etc/shadow is outside the bundle",
        ),
        (
            TOOL.replace(
                "  n: int?", "  n:\n    type: File\n    default: {class: File, path: gone.map}"
            ),
            "tool.cwl:8:28: File 'gone.map' is not in the bundle",
        ),
        (
            TOOL.replace(
                "stdout: o\n",
                "stdout: o\nrequirements:\n  InitialWorkDirRequirement:\n    listing:\n"
                "      - {class: File, location: /etc/shadow}\n",
            ),
            "tool.cwl:11:23: Field 'location' contains undefined reference to 'file:///etc/shadow'",
        ),
        (
            TOOL.replace(
                "stdout: o\n",
                "stdout: o\nrequirements:\n  DockerRequirement: {dockerImport: http://x/y.tar}\n",
            ),
            "tool.cwl:9:23: not taken: dockerImport",
        ),
        (
            "$graph: []\ncwlVersion: v1.2\n",
            "tool.cwl:1:1: $graph has no process with the id 'main'",
        ),
    ],
)
def test_a_fault_in_another_file_is_found_there(tool: str, message: str) -> None:
    assert message in refusal(WORKFLOW, tool=tool).message


def test_workflows_that_run_each_other_are_refused() -> None:
    ring = refusal(changed("tool.cwl", "b.cwl"), b=changed("tool.cwl", "main.cwl"))
    assert "b.cwl:7:5: run: the document runs itself: main.cwl → b.cwl → main.cwl" in ring.message


def test_a_ladder_of_workflows_is_refused_before_it_unfolds() -> None:
    def rung(below: str) -> str:
        steps = "".join(f"  s{n}: {{run: {below}, in: {{}}, out: []}}\n" for n in range(4))
        return f"cwlVersion: v1.2\nclass: Workflow\ninputs: {{}}\noutputs: {{}}\nsteps:\n{steps}"

    files = {f"r{n}": rung(f"r{n + 1}.cwl") for n in range(20)} | {"r20": TOOL}
    started = time.monotonic()
    assert "unfolds to more than 1000 tools" in refusal(rung("r0.cwl"), **files).message
    assert time.monotonic() - started < 5


def test_a_graph_without_main_says_so() -> None:
    error = refusal(
        'cwlVersion: v1.2\n$graph: [{"id": "x", "class": "Operation", "inputs": {}, '
        '"outputs": {}}]\n'
    )
    assert "main.cwl:2:1: $graph has no process with the id 'main' (it has: x)" in error.message
    assert error.hint == "Give the process to start with the id `main`."


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a//b", "a/./b", "tool.cwl/x", "a\\b", "a\nb"])
def test_a_file_has_a_plain_name_inside_the_bundle(name: str) -> None:
    with pytest.raises(InvalidTemplate, match="the name"):
        compile({"main.cwl": WORKFLOW, "tool.cwl": TOOL, name: ""}, "main.cwl")


def test_a_workflow_without_steps_is_refused() -> None:
    empty = "cwlVersion: v1.2\nclass: Workflow\ninputs: {f: File}\nsteps: []\noutputs: []\n"
    assert refusal(empty).message == "main.cwl:4:1: the workflow has no steps"


def test_an_absent_main_names_what_there_is() -> None:
    with pytest.raises(InvalidTemplate, match=r"there is no 'a.cwl'. The bundle has: b.cwl."):
        compile({"b.cwl": TOOL}, "a.cwl")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Fil", "Did you mean File? The types are File, Directory"),
        ("file", "Did you mean File?"),
        ("Fle[]", "Did you mean File?"),
        ("strin?", "Did you mean string?"),
        ("integer", "Did you mean int"),
        ("picture", "The types are File, Directory"),
    ],
)
def test_an_unknown_type_is_told_with_the_types_that_there_are(written: str, meant: str) -> None:
    tool = TOOL.replace("type: File", f"type: '{written}'")
    documents = {"main.cwl": WORKFLOW, "tool.cwl": tool}
    with pytest.raises(InvalidTemplate) as caught:
        compile(documents, "main.cwl")
    assert caught.value.message.startswith("tool.cwl:5:")
    assert caught.value.hint.startswith(meant)
