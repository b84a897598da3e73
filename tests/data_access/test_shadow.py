"""What a version would have taken while it was in the shadow, against the ACTUAL one."""

from typing import Any

import pytest
from tests.data_access.room import EARLY, Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import ShadowReport, TemplateChange
from penstock_core.errors import Conflict
from penstock_core.rights import Role
from penstock_core.states import TemplateStatus

SHADOW = {"status": TemplateStatus.SHADOW, "effective_from": EARLY}


@pytest.fixture
def service(room: Room) -> DataAccessClient:
    return room.client(Role.SERVICE)


@pytest.fixture
async def tried(room: Room, service: DataAccessClient) -> DataAccessClient:
    """Version 1 is ACTUAL; version 2, of other masks, was tried on three datasets."""
    expert = room.client(Role.EXPERT)
    await expert.create_template(new_template())
    masks: dict[str, Any] = {"inner_dataset_mask": "?.test.*"}
    await expert.change_template(1, TemplateChange(**masks, **SHADOW))
    actual, shadow = [await entry_of(service, number) for number in (1, 2)]
    both = batch([actual, shadow], [ref("a.test.raw")])
    kept = tuple(w for w in both.workflows if w.template_id == 1)
    await service.store_generated(both.model_copy(update={"workflows": kept}))
    await service.store_generated(batch([actual], [ref("bb.test.raw")], 1, 2))
    only = batch([shadow], [ref("c.test.raw")], 2, 3)
    await service.store_generated(only.model_copy(update={"workflows": ()}))
    return service


def told(report: ShadowReport) -> list[tuple[str, str, int | None, int | None]]:
    return [(r.dataset, r.shadow, r.actual_id, r.workflow_id) for r in report.rows]


async def test_the_report_counts_and_lists_who_took_what(tried: DataAccessClient) -> None:
    report = await tried.shadow_report(2)
    assert (report.template_id, report.actual_id, report.since) == (2, 1, EARLY)
    assert (report.both, report.shadow_only, report.actual_only) == (1, 1, 1)
    assert report.tasks == ("decoding", "reconstruction")
    assert told(report) == [
        ("a.test.raw", "NEW", 1, 1),
        ("bb.test.raw", "NO_MATCH", 1, 2),
        ("c.test.raw", "NEW", None, None),
    ]
    assert report.rows[1].reason.startswith("no mask fits")
    assert len((await tried.workflows()).items) == 2, "the shadow makes nothing"


async def test_the_report_comes_in_pages(tried: DataAccessClient) -> None:
    first = await tried.shadow_report(2, limit=2)
    rest = await tried.shadow_report(2, after=first.next or "", limit=2)
    assert [len(first.rows), len(rest.rows), rest.next] == [2, 1, None]
    assert (rest.both, rest.shadow_only, rest.actual_only) == (1, 1, 1)


async def test_a_chain_that_could_not_be_made_is_told(room: Room, tried: DataAccessClient) -> None:
    name = "c.test.raw.spd.decoding.v2"
    await room.http(Role.OPERATOR).post("/dataset/create", json={"name": name})
    (row,) = [r for r in (await tried.shadow_report(2)).rows if r.dataset == "c.test.raw"]
    assert row.shadow == "CONFLICT"
    assert row.reason == f"dataset {name} is there already; it belongs to no workflow"


async def test_the_time_in_the_shadow_is_reported_also_after_it(
    room: Room, tried: DataAccessClient
) -> None:
    expert = room.client(Role.EXPERT)
    await expert.change_template(2, TemplateChange(status=TemplateStatus.ACTUAL))
    report = await tried.shadow_report(2)
    assert (report.actual_id, report.both, report.shadow_only, report.actual_only) == (2, 1, 1, 1)


async def test_a_version_that_never_was_in_the_shadow_has_no_report(
    tried: DataAccessClient,
) -> None:
    with pytest.raises(Conflict, match="never was in the shadow"):
        await tried.shadow_report(1)
