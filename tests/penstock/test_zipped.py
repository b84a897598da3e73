"""A template in a zip is read as its folder is; a zip that means harm is refused."""

import stat
import zipfile
from pathlib import Path

import pytest

from penstock.local_template import read_local
from penstock_core.errors import InvalidInput

TOOL = (
    "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: cat\ninputs: {f: File}\noutputs: {}\n"
)
FLOW = """\
cwlVersion: v1.2
class: Workflow
inputs: {f: File}
outputs: {}
steps: {s: {run: tools/cat.cwl, in: {f: f}, out: []}}
"""


def packed(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "template.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("top", ["", "folder/", "a/b/"])
def test_a_workflow_with_its_tools(tmp_path: Path, top: str) -> None:
    path = packed(tmp_path, {f"{top}flow.cwl": FLOW, f"{top}tools/cat.cwl": TOOL})
    template = read_local(path, masks=("x.*",))
    assert template.main == "flow.cwl"
    assert template.documents == {"flow.cwl": FLOW, "tools/cat.cwl": TOOL}


def test_a_template_file_says_what_is_what(tmp_path: Path) -> None:
    own = "name: cats\nmasks: ['x.*']\nmain: flow.cwl\ndocuments: [tools/cat.cwl]\n"
    files = {"template.yaml": own, "flow.cwl": FLOW, "tools/cat.cwl": TOOL, "other.cwl": TOOL}
    template = read_local(packed(tmp_path, files))
    assert (template.name, template.main, len(template.documents)) == ("cats", "flow.cwl", 2)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"../up.cwl": TOOL}, "leads out"),
        ({"/etc/x.cwl": TOOL}, "leads out"),
        ({"a\\b.cwl": TOOL}, "leads out"),
        ({"red\x1b[31m.cwl": TOOL}, "leads out"),
        ({"main.cwl": TOOL, "bomb": "x" * 9_000_000}, "more than 8 MiB"),
        ({f"f{number}": "" for number in range(2001)}, "more than 2000 files"),
        ({"a.cwl": TOOL, "b.cwl": TOOL}, "which of its documents is the template"),
        ({"readme": "x"}, "which of its documents is the template"),
    ],
    ids=["upwards", "absolute", "backslash", "escape", "bomb", "many", "two", "none"],
)
def test_a_zip_that_means_harm_is_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_local(packed(tmp_path, files), masks=("x",))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["template.zip"]


def test_links_and_what_is_no_zip_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("main.cwl")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidInput, match="is a link"):
        read_local(path, masks=("x",))
    path.write_text("no zip")
    with pytest.raises(InvalidInput, match="cannot be unpacked"):
        read_local(path, masks=("x",))
