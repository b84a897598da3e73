"""A template on disk says what it says, and nothing that it does not."""

from pathlib import Path

import pytest

from penstock.template_file import read_template
from penstock_core.errors import InvalidInput


def write(folder: Path, text: str) -> Path:
    (folder / "main.cwl").write_text("class: Workflow\n")
    path = folder / "template.yaml"
    path.write_text(text)
    return path


def test_a_status_that_is_not_said_is_not_given(tmp_path: Path) -> None:
    silent = read_template(write(tmp_path, "name: a\nmasks: ['*.raw']\nmain: main.cwl\n"))
    assert "status" not in silent.model_fields_set
    text = "name: a\nmasks: ['*.raw']\nmain: main.cwl\nstatus: SHADOW\n"
    assert read_template(write(tmp_path, text)).status == "SHADOW"


def test_a_where_that_was_removed_is_given_as_none(tmp_path: Path) -> None:
    template = read_template(write(tmp_path, "name: a\nmasks: ['*.raw']\nmain: main.cwl\n"))
    assert "where" in template.model_fields_set


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "not YAML"),
        ("name: a\nmain: main.cwl\n", "masks: Field required"),
        ("name: a\nmasks: ['*']\nmain: main.cwl\ncolour: red\n", "colour"),
        ("name: a\nmasks: ['*']\nmain: ../secret\n", "lies outside its folder"),
        ("name: a\nmasks: ['*']\nmain: none.cwl\n", "cannot be read"),
    ],
)
def test_what_cannot_be_right_is_told_with_the_file(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InvalidInput, match=said) as refused:
        read_template(path)
    assert str(path) in str(refused.value)
