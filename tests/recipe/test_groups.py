"""Merges in groups, merged again, and every trigger: what a document means and may not mean."""

from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.recipe.test_plan import DATASET, ENTRY

from penstock_core.contracts.workflow import Need
from penstock_core.errors import InvalidTemplate
from recipe.compile import compile
from recipe.model import Group, Link, Mode, Recipe, Trigger
from recipe.plan import plan

TWICE = """\
cwlVersion: v1.2
class: Workflow
$namespaces: {penstock: "https://penstock.dev/cwl#"}
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]", other: {type: int, default: 1}}
steps:
  count:
    run: one.cwl
    scatter: f
    in: {f: files}
    out: [made]
  some:
    run: all.cwl
    hints:
      - class: penstock:Task
        group: {files: 10}
    in: {f: count/made}
    out: [made]
  total:
    run: all.cwl
    in: {f: {source: [some/made], linkMerge: merge_nested}}
    out: [made]
  each:
    run: one.cwl
    in: {f: some/made}
    out: [made]
outputs:
  total: {type: File, outputSource: total/made}
"""
ONE = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs: {f: {type: File, inputBinding: {position: 1}}}
stdout: made.txt
outputs: {made: stdout}
"""
FILES = {"one.cwl": ONE, "all.cwl": ONE.replace("type: File,", 'type: "File[]",')}


def compiled(*changes: tuple[str, str], **more: str) -> Recipe:
    text = TWICE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return compile({"w.cwl": text, **FILES, **more}, "w.cwl")


def refusal(*changes: tuple[str, str]) -> InvalidTemplate:
    with pytest.raises(InvalidTemplate) as caught:
        compiled(*changes)
    return caught.value


def needs(recipe: Recipe) -> dict[str, tuple[Need, ...]]:
    return {task.step: task.needs for task in plan(recipe, ENTRY, DATASET, {}).tasks}


def test_a_group_divides_a_merge_and_its_files_may_be_merged_again() -> None:
    recipe = compiled()
    some, total, each = (recipe.step(name) for name in ("some", "total", "each"))
    assert (some.mode, some.group) == (Mode.MERGE, Group(files=10))
    gathered = Link(key="f", step="some", port="made", take="all")
    assert (total.mode, total.links, total.group) == (Mode.MERGE, (gathered,), None)
    assert (each.mode, each.links[0].take) == (Mode.MAP, "each")


def test_the_same_document_is_one_merge_for_another_runner(run_job: Any, file: Any) -> None:
    document = YAML(typ="safe").load(TWICE)
    files = [file(f"{n}.txt", f"{n}\n") for n in range(3)]
    made = run_job(document, {"files": files}, FILES)
    assert made["total"]["size"] == 6


def test_the_job_of_the_second_merge_takes_a_list(run_job: Any, file: Any) -> None:
    total = compiled().step("total")
    made = run_job(total.job_document, {"f": [file("a", "1\n"), file("b", "2\n")]}, FILES)
    assert made["made"]["size"] == 4


@pytest.mark.parametrize(
    ("trigger", "until"),
    [("", "closed"), (", trigger: closed", "closed"), (", trigger: open", "open")],
)
def test_groups_are_made_at_the_close_or_as_they_fill(trigger: str, until: str) -> None:
    hint = "hints: [{class: penstock:Task, group: {files: 10}" + trigger + "}]\n"
    before = "hints:\n      - class: penstock:Task\n        group: {files: 10}\n"
    recipe = compiled((before, hint))
    assert needs(recipe)["some"] == (Need(step="count", until=until),)
    assert needs(recipe)["total"] == (Need(step="some", until="closed"),)


@pytest.mark.parametrize(
    ("step", "mode", "trigger", "until"),
    [
        ("count", Mode.MAP, None, "open"),
        ("count", Mode.MAP, "open", "open"),
        ("count", Mode.MAP, "closed", "closed"),
        ("total", Mode.MERGE, None, "closed"),
        ("total", Mode.MERGE, "open", "closed"),
        ("total", Mode.MERGE, "closed", "closed"),
        ("each", Mode.MAP, None, "open"),
        ("each", Mode.MAP, "closed", "closed"),
    ],
)
def test_every_mode_takes_every_trigger(
    step: str, mode: Mode, trigger: str | None, until: str
) -> None:
    hint = f"\n    hints: [{{class: penstock:Task, trigger: {trigger}}}]" if trigger else ""
    recipe = compiled((f"  {step}:\n", f"  {step}:{hint}\n"))
    found = recipe.step(step)
    assert found.mode is mode
    assert {need.until for need in needs(recipe)[step]} == {until}
    nothing = [w for w in recipe.warnings if "changes nothing" in w]
    assert bool(nothing) is ((mode, trigger) == (Mode.MERGE, "open"))


def test_a_broadcast_is_waited_for_whole_whatever_the_trigger() -> None:
    both = ONE.replace("inputs: {", "inputs: {g: {type: File, inputBinding: {position: 2}}, ")
    recipe = compiled(
        ("  each:\n    run: one.cwl\n", "  each:\n    run: both.cwl\n    scatter: f\n"),
        ("in: {f: some/made}\n", "in: {f: files, g: total/made}\n"),
        **{"both.cwl": both},
    )
    assert set(needs(recipe)["each"]) == {
        Need(step="", until="open"),
        Need(step="total", until="closed"),
    }
    assert recipe.step("each").trigger is Trigger.OPEN


def test_a_step_that_reads_no_dataset_starts_at_once_and_says_so() -> None:
    echo = ONE.replace("f: {type: File, inputBinding: {position: 1}}", "n: int")
    recipe = compiled(
        ("  each:\n    run: one.cwl\n    in: {f: some/made}\n",
         "  each:\n    run: echo.cwl\n    hints: [{class: penstock:Task, trigger: closed}]\n"
         "    in: {n: other}\n"),
        **{"echo.cwl": echo},
    )  # fmt: skip
    assert recipe.step("each").mode is Mode.SINGLE
    assert needs(recipe)["each"] == ()
    [warning] = [w for w in recipe.warnings if "changes nothing" in w]
    assert warning.startswith("step each: it reads no dataset")


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("{}", "group: has no limit"),
        ("{files: -1}", "group.files: Input should be greater than or equal to 0"),
        ("{file: 1}", "group.file: Extra inputs are not permitted"),
        ("{max_latency_s: 9}", "max_latency_s counts while the dataset is open"),
    ],
)
def test_a_group_that_says_nothing_is_refused_at_its_line(group: str, message: str) -> None:
    error = refusal(("{files: 10}", group))
    assert error.message.startswith("w.cwl:16:")
    assert message in error.message


def test_a_group_of_what_is_no_merge_is_refused() -> None:
    hint = "  count:\n    hints: [{class: penstock:Task, group: {files: 2}}]\n"
    error = refusal(("  count:\n", hint))
    assert error.message.startswith("w.cwl:8:")
    assert "divides a merge into jobs, and this step is none" in error.message


def test_a_group_of_two_datasets_is_refused() -> None:
    both = FILES["all.cwl"].replace("inputs: {", 'inputs: {g: "File[]", ')
    files = {"w.cwl": TWICE.replace("{f: count/made}", "{f: count/made, g: files}"), **FILES}
    with pytest.raises(InvalidTemplate, match=r"divides one dataset, and this step takes several"):
        compile(files | {"all.cwl": both.replace('"File[]", ', '"File[]?", ')}, "w.cwl")


def test_groups_are_not_mixed_with_other_files() -> None:
    both = ONE.replace("inputs: {", "inputs: {g: File, ")
    text = TWICE.replace("in: {f: some/made}\n", "in: {f: some/made, g: total/made}\n")
    with pytest.raises(InvalidTemplate) as caught:
        compile({"w.cwl": text, **FILES, "one.cwl": both.replace("g: File", "g: File?")}, "w.cwl")
    assert "w.cwl:25:" in caught.value.message
    assert "groups of a merge beside other files" in caught.value.message


def test_a_list_is_not_listed_again() -> None:
    error = refusal(
        (
            "{source: [some/made], linkMerge: merge_nested}",
            "{source: [count/made], linkMerge: merge_flattened}",
        )
    )
    assert "linkMerge of a dataset" in error.message
