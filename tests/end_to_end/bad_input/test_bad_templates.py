"""Templates that cannot be right are refused at the door, where they are wrong."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio
from tests.end_to_end.bad_input.conftest import Doors

from penstock_core.rights import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOOL = """\
cwlVersion: v1.2
class: CommandLineTool
baseCommand: md5sum
inputs: {file: {type: File, inputBinding: {position: 1}}}
stdout: sum
outputs: {sum: stdout}
"""
WORKFLOW = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]"}
steps:
  sum:
    run: tool.cwl
    scatter: file
    in: {file: files}
    out: [sum]
outputs: {sums: {type: "File[]", outputSource: sum/sum}}
"""


def template(name: str = "bad", before: str = "", after: str = "", **more: Any) -> dict[str, Any]:
    """Return a good template with one piece of its workflow, or of its form, made bad."""
    assert before in WORKFLOW
    documents = {"main.cwl": WORKFLOW.replace(before, after, 1), "tool.cwl": TOOL}
    form = {"name": name, "masks": [f"*.{name}.*"], "documents": documents, "main": "main.cwl"}
    return form | more


async def refusals(doors: Doors, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return why each of these templates, sent at once, is refused."""
    path = "/template/create"
    async with doors.unchanged():
        calls = [doors.refused(422, "POST", path, Role.EXPERT, json=body) for body in bodies]
        return await asyncio.gather(*calls)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def taken(doors: Doors) -> dict[str, Any]:
    """A template that is there."""
    body = template("taken", masks=["*.taken.*"])
    made: dict[str, Any] = await doors.good("POST", "/template/create", Role.EXPERT, json=body)
    return made


BAD_DOCUMENTS: tuple[tuple[str, str, str], ...] = (
    ("out: [sum]", "out: [sum", "main.cwl:11:8: not YAML: expected ',' or ']'"),
    ("scatter: file", "scater: file", "main.cwl:8:5: invalid field 'scater'"),
    ("    scatter: file\n", "", "'files' gives File[], incompatible with 'file': File"),
    ("{file: files}", "{file: fils}", "main.cwl:9:10: Field 'source' references unknown"),
    ("tool.cwl", "gone.cwl", "main.cwl:7:5: run: file 'gone.cwl' is not in the bundle"),
    ("tool.cwl", "../tool.cwl", "main.cwl:7:5: run: ../tool.cwl is outside"),
    ("tool.cwl", "https://example.org/t.cwl", "7:5: run: https://example.org/t.cwl is out"),
    ("tool.cwl", "file:///etc/passwd", "main.cwl:7:5: run: file:///etc/passwd is outside"),
)


async def test_a_document_is_refused_at_its_line(doors: Doors) -> None:
    bodies = [template("bad", before, after) for before, after, _ in BAD_DOCUMENTS]
    for (_, _, said), error in zip(BAD_DOCUMENTS, await refusals(doors, bodies), strict=True):
        assert error["error"] == "InvalidTemplate"
        assert said in error["detail"]
        assert error["facts"]["diagnostics"][0]["file"] == "main.cwl"


BAD_FORMS: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"masks": ["run .raw"]}, "masks.0", "' ' can never match, no name holds it"),
    ({"masks": [".raw.*"]}, "masks.0", "it can never match, for every dataset name begins"),
    ({"masks": ["a.[/].b"]}, "masks.0", "can never match, no name holds such a character"),
    ({"masks": ["*.{run.*"]}, "masks.0", "{"),
    ({"masks": []}, "inner_dataset_mask", "has no mask, so it could never take a dataset"),
    (
        {"where": ["run < 5", "run > 7"]},
        "where",
        "can never hold together: run < 5 and run > 7",
    ),
    ({"where": ["run about 7"]}, "where.0", "run about 7"),
    ({"exclude": ["*"]}, "exclude", "Nothing can ever match: * excludes all"),
    ({"input": "fils"}, "", "fils"),
    ({"main": "other.cwl"}, "", "there is no 'other.cwl'. The bundle has: main.cwl, tool.cwl"),
    ({"documents": {}}, "description", "No document is given"),
    ({"status": "NEW"}, "status", "DRAFT"),
    ({"maks": ["*"]}, "maks", "Extra inputs are not permitted"),
    ({"name": ""}, "name", "at least 1 character"),
)


async def test_a_form_is_refused_at_its_field(doors: Doors) -> None:
    bodies = [template(**form) for form, _, _ in BAD_FORMS]
    for (_, field, said), error in zip(BAD_FORMS, await refusals(doors, bodies), strict=True):
        assert said in error["detail"]
        assert error["field"] == field, error["detail"]


async def test_what_is_no_json_is_no_template(doors: Doors) -> None:
    async with doors.unchanged():
        error = await doors.refused(
            422, "POST", "/template/create", Role.EXPERT, json=None, content=b'{"name": '
        )
    assert "valid dictionary" in error["detail"]


async def test_a_name_is_taken_once(doors: Doors, taken: dict[str, Any]) -> None:
    number = taken["template_id"]
    async with doors.unchanged():
        for body in (template("taken"), template("taken", masks=["*.other.*"])):
            error = await doors.refused(409, "POST", "/template/create", Role.EXPERT, json=body)
            assert error["error"] == "Duplicate"
            assert f"template {number}" in error["detail"]
            assert f"PUT /template/{number}/change" in error["hint"]


async def test_only_experts_create_change_and_delete(doors: Doors, taken: dict[str, Any]) -> None:
    path = f"/template/{taken['template_id']}"
    calls = (
        ("POST", "/template/create", template("mine")),
        ("POST", "/template/check", template("mine")),
        ("PUT", f"{path}/change", {"status": "ARCHIVED"}),
        ("DELETE", f"{path}/delete", None),
    )
    async with doors.unchanged():
        for role in (Role.VIEWER, Role.OPERATOR, Role.DAQ, Role.SERVICE):
            for method, where, body in calls:
                error = await doors.refused(403, method, where, role, json=body)
                assert error["detail"].endswith(f"({role}) has no right to write templates.")
                assert "An admin can give the role" in error["hint"]


async def test_a_change_that_cannot_be_leaves_the_version_as_it_is(
    doors: Doors, taken: dict[str, Any]
) -> None:
    path = f"/template/{taken['template_id']}/change"
    async with doors.unchanged():
        for status, body, said in (
            (409, {"status": "DRAFT"}, "cannot go from ACTUAL to DRAFT"),
            (422, {"status": "GONE"}, "status"),
            (422, {"masks": ["a b"]}, "can never match"),
            (422, {"documents": {"main.cwl": "- 1\n"}, "main": "main.cwl"}, "main.cwl:1:1"),
        ):
            error = await doors.refused(status, "PUT", path, Role.EXPERT, json=body)
            assert said in error["detail"]


async def test_the_same_content_again_is_the_same_version(
    doors: Doors, taken: dict[str, Any]
) -> None:
    before = await doors.rows()
    path = f"/template/{taken['template_id']}/change"
    for body in ({"status": "ACTUAL"}, {"masks": ["*.taken.*"]}):
        again = await doors.good("PUT", path, Role.EXPERT, json=body)
        assert again["template_id"] == taken["template_id"]
    after = await doors.rows()
    assert len(after["/template"]["items"]) == len(before["/template"]["items"])


async def test_after_all_that_a_good_template_is_taken(doors: Doors) -> None:
    made = await doors.good("POST", "/template/create", Role.EXPERT, json=template("good"))
    assert made["status"] == "ACTUAL"
