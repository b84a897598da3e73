"""secondaryFiles of what takes the dataset: kept in the recipe, and in the document of a job."""

import pytest

from penstock_core.errors import InvalidTemplate
from recipe.compile import compile
from recipe.model import Beside, Recipe, Trigger

TOOL = """\
cwlVersion: {version}
class: CommandLineTool
baseCommand: samtools
{hints}
inputs:
  alignments: {{type: "{kind}", secondaryFiles: {beside}, inputBinding: {{}}}}
stdout: o
outputs: {{out: stdout}}
"""


def compiled(beside: str, version: str = "v1.2", kind: str = "File", hints: str = "") -> Recipe:
    text = TOOL.format(version=version, kind=kind, beside=beside, hints=hints)
    return compile({"tool.cwl": text}, "tool.cwl")


@pytest.mark.parametrize(
    ("version", "declared", "beside"),
    [
        ("v1.0", "[.bai]", [Beside(pattern=".bai")]),
        ("v1.2", "^.bai", [Beside(pattern="^.bai")]),
        ("v1.2", "['.bai?', ^.x]", [Beside(pattern=".bai", required=False), Beside(pattern="^.x")]),
        ("v1.2", "{pattern: .bai, required: false}", [Beside(pattern=".bai", required=False)]),
    ],
)
def test_what_goes_with_a_file_is_kept(version: str, declared: str, beside: list[Beside]) -> None:
    (step,) = compiled(declared, version).steps
    assert list(step.links[0].beside) == beside
    assert step.trigger is Trigger.CLOSED
    assert step.job_document["inputs"][0]["secondaryFiles"]


def test_of_an_expression_the_names_are_not_known_before() -> None:
    for declared in ("$(self.basename).bai", "{pattern: .bai, required: $(true)}"):
        with pytest.raises(InvalidTemplate, match="secondaryFiles by an expression"):
            compiled(declared)


def test_a_merge_of_groups_takes_none() -> None:
    hint = "hints: [{class: 'penstock:Task', group: {files: 2}}]"
    with pytest.raises(InvalidTemplate, match="secondaryFiles in groups"):
        compiled(".bai", kind="File[]", hints=hint)


def test_that_open_changes_nothing_is_told() -> None:
    (warning,) = compiled(".x", hints="hints: [{class: 'penstock:Task', trigger: open}]").warnings
    assert "wait for the dataset's close" in warning
