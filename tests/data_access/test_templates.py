"""Template versions: made, changed, archived, rolled back, deleted."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.data_access.room import EARLY, Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.clock import now
from penstock_core.contracts.workflow import TemplateChange
from penstock_core.errors import (
    Conflict,
    Duplicate,
    Forbidden,
    IllegalMove,
    InvalidInput,
    InvalidMask,
    InvalidTemplate,
    NotFound,
)
from penstock_core.rights import Role
from penstock_core.states import TemplateStatus
from recipe.parameters import DRAFT


@pytest.fixture
def expert(room: Room) -> DataAccessClient:
    return room.client(Role.EXPERT)


@pytest.fixture
def lite_expert(lite: Room) -> DataAccessClient:
    return lite.client(Role.EXPERT)


async def states(client: DataAccessClient) -> list[tuple[int, int, str]]:
    page = await client.templates()
    return [(t.template_id, t.version, t.status) for t in page.items]


async def test_a_template_without_a_status_is_actual_from_now_on(
    expert: DataAccessClient,
) -> None:
    before = datetime.now(UTC)
    made = await expert.create_template(new_template(effective_from=None))
    assert (made.template_id, made.version, made.status) == (1, 1, "ACTUAL")
    assert made.effective_from is not None
    assert made.effective_from >= before
    assert made.created_by == "somebody"


async def test_changed_content_is_a_new_version_that_archives_the_old(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template())
    changed = await expert.change_template(1, TemplateChange(values={"threshold": 5}))
    assert (changed.template_id, changed.version) == (2, 2)
    assert await states(expert) == [(1, 1, "ARCHIVED"), (2, 2, "ACTUAL")]
    assert (await expert.template(1)).values == {}


async def test_a_rolled_back_version_takes_what_is_registered_from_then_on(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template())
    await expert.change_template(1, TemplateChange(values={"threshold": 5}))
    before = datetime.now(UTC)
    back = await expert.change_template(1, TemplateChange(status=TemplateStatus.ACTUAL))
    assert await states(expert) == [(1, 1, "ACTUAL"), (2, 2, "ARCHIVED")]
    assert back.effective_from is not None
    assert back.effective_from >= before


async def test_the_same_content_again_makes_no_version(expert: DataAccessClient) -> None:
    await expert.create_template(new_template())
    change = TemplateChange(inner_dataset_mask="*.test.*", description={"steps": {}})
    assert (await expert.change_template(1, change)).template_id == 1
    assert await states(expert) == [(1, 1, "ACTUAL")]


async def test_a_change_without_a_status_keeps_the_status(expert: DataAccessClient) -> None:
    await expert.create_template(new_template(status=TemplateStatus.SHADOW))
    same = TemplateChange(inner_dataset_mask="*.test.*", description={"steps": {}})
    assert (await expert.change_template(1, same)).status == "SHADOW"
    assert (await expert.change_template(1, TemplateChange())).status == "SHADOW"
    changed = await expert.change_template(1, TemplateChange(values={"threshold": 5}))
    assert changed.status == "SHADOW"
    assert await states(expert) == [(1, 1, "SHADOW"), (2, 2, "SHADOW")]


async def test_a_version_out_of_the_shadow_takes_what_comes_from_then_on(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template(status=TemplateStatus.SHADOW))
    tried = (await expert.template(1)).effective_from
    before = datetime.now(UTC)
    actual = await expert.change_template(1, TemplateChange(status=TemplateStatus.ACTUAL))
    assert tried is not None
    assert actual.effective_from is not None
    assert tried < before <= actual.effective_from
    assert (await expert.template(1)).effective_from == actual.effective_from


async def test_a_new_version_of_an_archived_name_may_be_tried_in_shadow(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template())
    change = TemplateChange(values={"a": 1}, status=TemplateStatus.SHADOW)
    await expert.change_template(1, change)
    assert await states(expert) == [(1, 1, "ACTUAL"), (2, 2, "SHADOW")]
    await expert.change_template(2, TemplateChange(status=TemplateStatus.ACTUAL))
    assert await states(expert) == [(1, 1, "ARCHIVED"), (2, 2, "ACTUAL")]


async def test_a_renamed_template_leaves_its_old_name_archived(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template())
    renamed = await expert.change_template(1, TemplateChange(name="other"))
    assert (renamed.name, renamed.version) == ("other", 1)
    assert await states(expert) == [(1, 1, "ARCHIVED"), (2, 1, "ACTUAL")]


async def test_a_name_that_is_taken_is_refused_and_the_way_on_told(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template())
    with pytest.raises(Duplicate, match="is template 1 already") as same:
        await expert.create_template(new_template())
    assert "PUT /template/1/change" in same.value.hint
    with pytest.raises(Duplicate, match="is taken by template 1"):
        await expert.create_template(new_template(mask="*.other.*"))


async def test_moves_that_the_table_does_not_list_are_refused(
    lite_expert: DataAccessClient,
) -> None:
    await lite_expert.create_template(new_template())
    with pytest.raises(IllegalMove, match="ACTUAL to DRAFT"):
        await lite_expert.change_template(1, TemplateChange(status=TemplateStatus.DRAFT))


async def test_a_template_that_made_workflows_is_history(
    room: Room, expert: DataAccessClient
) -> None:
    service = room.client(Role.SERVICE)
    await expert.create_template(new_template())
    await expert.create_template(new_template("idle"))
    entry = await entry_of(service, 1)
    await service.store_generated(batch([entry], [ref("a.test.raw")]))
    await expert.call("DELETE", "/template/2/delete", None)
    with pytest.raises(Conflict, match="made 1 workflows"):
        await expert.call("DELETE", "/template/1/delete", None)
    with pytest.raises(NotFound):
        await expert.template(2)


async def test_the_catalogue_grows_its_revision_with_each_change_and_only_then(
    expert: DataAccessClient,
) -> None:
    empty = await expert.catalogue()
    assert empty is not None
    assert empty.templates == ()
    assert await expert.catalogue(empty.revision) is None
    await expert.create_template(new_template())
    first = await expert.catalogue(empty.revision)
    assert first is not None
    assert [(t.template_id, t.masks) for t in first.templates] == [(1, ("*.test.*",))]
    await expert.create_template(new_template("draft", status=TemplateStatus.DRAFT))
    assert await expert.catalogue(first.revision) is None
    await expert.change_template(1, TemplateChange(status=TemplateStatus.ARCHIVED))
    last = await expert.catalogue(first.revision)
    assert last is not None
    assert (last.revision > first.revision, last.templates) == (True, ())


async def test_a_replaced_version_keeps_the_datasets_of_its_time(expert: DataAccessClient) -> None:
    await expert.create_template(new_template())
    before = now()
    await expert.change_template(1, TemplateChange(values={"a": 1}))
    catalogue = await expert.catalogue(since=before)
    assert catalogue is not None
    old, new = catalogue.templates
    assert (old.template_id, new.template_id) == (1, 2)
    assert old.effective_until == new.effective_from
    assert new.effective_until is None
    today = await expert.catalogue(since=now())
    assert today is not None
    assert [t.template_id for t in today.templates] == [2]


async def test_rolled_back_a_version_has_two_times_and_none_between(
    expert: DataAccessClient,
) -> None:
    before = now()
    await expert.create_template(new_template())
    await expert.change_template(1, TemplateChange(values={"a": 1}))
    await expert.change_template(1, TemplateChange(status=TemplateStatus.ACTUAL))
    catalogue = await expert.catalogue(since=before)
    assert catalogue is not None
    times = sorted(catalogue.templates, key=lambda t: t.effective_from)
    assert [t.template_id for t in times] == [1, 2, 1]
    edges = [(one.effective_until, two.effective_from) for one, two in pairwise(times)]
    assert all(until == since for until, since in edges)


async def test_a_version_for_later_leaves_today_to_the_one_before(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template())
    tomorrow = now() + timedelta(days=1)
    await expert.change_template(1, TemplateChange(values={"a": 1}, effective_from=tomorrow))
    catalogue = await expert.catalogue(since=now())
    assert catalogue is not None
    assert [(t.template_id, t.effective_until) for t in catalogue.templates] == [
        (1, tomorrow),
        (2, None),
    ]


async def test_overlap_is_a_warning_with_an_example(lite_expert: DataAccessClient) -> None:
    await lite_expert.create_template(new_template("one", "run*.raw"))
    made = await lite_expert.create_template(new_template("two", "*.test.raw"))
    (warning,) = made.warnings
    assert warning.startswith("template 1 (one) may take the same data: run")
    apart = await lite_expert.create_template(new_template("three", "calib.?"))
    assert apart.warnings == ()


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"inner_dataset_mask": "a[.raw"}, InvalidMask, "masks.0"),
        ({"inner_dataset_mask": ""}, InvalidMask, "inner_dataset_mask"),
        ({"exclude": ("*",)}, InvalidMask, "exclude"),
        ({"where": ("run >",)}, InvalidInput, "where.0"),
        ({"where": ("run > 5", "run < 3")}, InvalidMask, "where"),
        ({"description": ""}, InvalidInput, "description"),
        ({"description": "broken"}, InvalidTemplate, ""),
        ({"masks": ("other",)}, InvalidInput, "inner_dataset_mask"),
    ],
)
async def test_what_cannot_be_right_is_refused_at_its_field(
    lite_expert: DataAccessClient,
    change: dict[str, Any],
    error: type[InvalidInput],
    field: str,
) -> None:
    given = new_template().model_copy(update=change)
    with pytest.raises(error) as refused:
        await lite_expert.create_template(given)
    assert refused.value.field == field
    assert refused.value.status == 422
    assert (await lite_expert.templates()).items == ()


async def test_a_template_that_does_not_compile_says_where(
    lite_expert: DataAccessClient,
) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        await lite_expert.check_template(new_template(description="broken"))
    assert refused.value.facts["diagnostics"][0]["line"] == 1


async def test_a_template_tells_what_it_asks_for(lite_expert: DataAccessClient) -> None:
    checked = await lite_expert.check_template(new_template())
    await lite_expert.create_template(new_template())
    asked = await lite_expert.call("GET", "/template/1/parameters", dict[str, Any])
    assert asked == checked["parameters"]
    assert asked["values"]["$schema"] == DRAFT
    assert {one["name"] for one in asked["form"]} == asked["values"]["properties"].keys()
    with pytest.raises(NotFound):
        await lite_expert.call("GET", "/template/2/parameters", dict[str, Any])


async def test_checking_stores_nothing(lite_expert: DataAccessClient) -> None:
    checked = await lite_expert.check_template(new_template())
    assert [step["name"] for step in checked["recipe"]["steps"]] == [
        "decoding",
        "reconstruction",
    ]
    assert (await lite_expert.templates()).items == ()


async def test_a_document_as_text_is_shown_as_json(lite_expert: DataAccessClient) -> None:
    made = await lite_expert.create_template(new_template(description="steps: {a: 2026-01-01}"))
    assert made.description == {"steps": {"a": "2026-01-01"}}


async def test_the_full_form_names_masks_and_documents(lite: Room) -> None:
    body = {
        "name": "full",
        "masks": ["a.*", "b.*"],
        "documents": {"main.cwl": "steps: {}", "tool.cwl": "x"},
        "main": "main.cwl",
        "effective_from": EARLY.isoformat(),
    }
    http = lite.http(Role.EXPERT)
    answer = await http.post("/template/create", json=body)
    assert answer.status_code == 201
    assert answer.json()["inner_dataset_mask"] == "a.*, b.*"
    missing = await http.post("/template/create", json=body | {"name": "x", "main": ""})
    assert (missing.status_code, missing.json()["field"]) == (422, "main")


async def test_a_time_without_a_zone_is_read_as_utc(lite: Room) -> None:
    body = new_template().model_dump(mode="json") | {"effective_from": "2026-01-01T00:00:00"}
    assert (await lite.http(Role.EXPERT).post("/template/create", json=body)).status_code == 201
    catalogue = await lite.client(Role.VIEWER).catalogue()
    assert catalogue is not None
    assert catalogue.templates[0].effective_from == EARLY


async def test_signs_beyond_ascii_survive(lite_expert: DataAccessClient) -> None:
    description = {"steps": {}, "doc": "µm 😀"}
    made = await lite_expert.create_template(new_template(description=description))
    assert made.description == description


async def test_a_viewer_creates_no_template(lite: Room) -> None:
    with pytest.raises(Forbidden, match="no right to write templates"):
        await lite.client(Role.VIEWER).create_template(new_template())


async def test_template_events_tell_each_change(expert: DataAccessClient) -> None:
    await expert.create_template(new_template())
    await expert.change_template(1, TemplateChange(values={"a": 1}))
    page = await expert.events(0, topics=["template.changed"])
    assert [(e.body["template_id"], e.body["status"]) for e in page.events] == [
        (1, "ACTUAL"),
        (1, "ARCHIVED"),
        (2, "ACTUAL"),
    ]
