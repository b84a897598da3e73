"""A survey of documents: what is taken by both, what by neither, and what by one of two."""

from pathlib import Path

from benchmarks.survey import report, survey

TOOL = "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: echo\noutputs: {}\n"
FILES = {
    "good.cwl": f"{TOOL}inputs: {{}}\n",
    "inner/scripted.cwl": f"{TOOL}inputs: {{f: {{type: File, secondaryFiles: [$(1).x]}}}}\n",
    "bad.cwl": f"{TOOL}inputs: {{f: Fiel}}\n",
    "notes.txt": "no document",
}


def test_each_document_is_looked_at_by_both(tmp_path: Path, capsys) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    results = survey(tmp_path)
    assert {one.file: one.verdict for one in results} == {
        "bad.cwl": "refused by both",
        "good.cwl": "taken by both",
        "inner/scripted.cwl": "refused by Penstock alone",
    }
    report(results)
    told = capsys.readouterr().out
    assert "secondaryFiles by an expression" in told
    last = "1 taken by both, 1 refused by both, 1 refused by Penstock alone, 0 refused by cwltool"
    assert told.splitlines()[-1] == f"{last} alone"
