"""``penstock template test``: a whole chain over files here, and what is told when it fails."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHAIN = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]", word: {type: string, default: hello}}
outputs: {all: {type: File, outputSource: join/all}}
steps:
  sort: {run: sort.cwl, scatter: file, in: {file: files}, out: [sorted]}
  join: {run: join.cwl, in: {files: sort/sorted, word: word}, out: [all]}
"""
SORT = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [sort]
inputs: {file: {type: File, inputBinding: {position: 1}}}
outputs: {sorted: {type: stdout}}
stdout: sorted.txt
"""
JOIN = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: [sh, -c, 'echo "$0" && cat "$@"']
inputs:
  word: {type: string, inputBinding: {position: 1}}
  files: {type: "File[]", inputBinding: {position: 2}}
outputs: {all: {type: stdout}}
stdout: all.txt
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("chain.cwl", CHAIN), ("sort.cwl", SORT), ("join.cwl", JOIN)):
        (tmp_path / name).write_text(text)
    (tmp_path / "x.txt").write_text("b\na\n")
    (tmp_path / "y.txt").write_text("c\n")
    return tmp_path


def penstock(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "penstock", "template", "test", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_a_chain_runs_over_files_at_hand(folder: Path) -> None:
    inputs = ("--input", "x.txt", "--input", "y.txt", "--value", "word=hi")
    done = penstock(folder, "chain.cwl", *inputs, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(one["task"]["step"], one["task"]["status"]) for one in told] == [
        ("sort", "FINISHED"),
        ("join", "FINISHED"),
    ]
    [made] = (folder / "out" / "join").glob("*.all.txt")
    assert made.read_text() == "hi\na\nb\nc\n"
    assert len(list((folder / "out" / "sort").glob("*sorted.txt"))) == 2


def test_a_tool_that_fails_is_told_with_its_command_and_log(folder: Path) -> None:
    (folder / "sort.cwl").write_text(SORT.replace("[sort]", "[sort, --nonsense]"))
    (folder / "template.yaml").write_text(
        "name: trial\nmasks: ['swf.{run}.run']\nmain: chain.cwl\ndocuments: [sort.cwl, join.cwl]\n"
    )
    done = penstock(folder, "template.yaml", "--input", "x.txt", "--output-folder", "made")
    assert done.returncode == 1, done.stderr
    assert "sort, job 1: The tool ended with exit code 2." in done.stdout
    assert "sort --nonsense x.txt" in done.stdout
    assert "unrecognized option" in done.stdout
    assert list((folder / "made" / "sort").glob("*.log"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["chain.cwl", "--input", "none.txt"], "There is no file none.txt"),
        (["chain.cwl", "--input", "x.txt", "--value", "word"], "--value 'word' has no ="),
        (["chain.cwl", "--input", "x.txt", "--value", "word=[1]"], "does not fit input 'word'"),
        (["sort.cwl", "--input", "x.txt", "--input", "sub/x.txt"], "Two files are called x.txt"),
    ],
)
def test_what_does_not_fit_is_told_at_once(folder: Path, words: list[str], message: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "x.txt").write_text("")
    done = penstock(folder, *words)
    assert done.returncode == 1
    assert message in " ".join(done.stderr.split())
