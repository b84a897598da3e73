"""What generators post: stored once, whole, however often and in whatever parts it comes."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data_access.room import EARLY, Room, batch, entry_of, new_template, open_room, ref

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import CatalogueEntry, ClaimRequest, TemplateChange
from penstock_core.errors import InvalidInput, Stale
from penstock_core.rights import Role
from penstock_core.states import DatasetState
from recipe.model import Recipe

Entry = tuple[CatalogueEntry, Recipe]


@pytest.fixture
def service(room: Room) -> DataAccessClient:
    return room.client(Role.SERVICE)


@pytest.fixture
async def entry(room: Room, service: DataAccessClient) -> Entry:
    template = await room.client(Role.EXPERT).create_template(new_template())
    return await entry_of(service, template.template_id)


async def test_a_batch_from_an_old_cursor_is_stale_and_changes_nothing(
    service: DataAccessClient, entry: Entry
) -> None:
    await service.store_generated(batch([entry], [ref("a.test.raw")]))
    with pytest.raises(Stale, match="task-generator is at 1, not at 0"):
        await service.store_generated(batch([entry], [ref("b.test.raw")]))
    assert len(await service.spd_tasks()) == 2


async def test_a_repeated_part_changes_nothing(service: DataAccessClient, entry: Entry) -> None:
    await service.store_generated(batch([entry], [ref("a.test.raw")]))
    before = await service.spd_tasks()
    result = await service.store_generated(
        batch([entry], [ref("a.test.raw"), ref("b.test.raw"), ref("b.test.raw")], 1, 2)
    )
    rows = await service.spd_tasks()
    assert result.workflow_ids == (2,)
    assert rows[:2] == before
    assert [row.datas_in_id for row in rows] == [1, 2, 6, 7]


async def test_a_name_that_is_taken_is_a_conflict_and_the_rest_goes_on(
    room: Room, service: DataAccessClient, entry: Entry
) -> None:
    owned = entry[1].steps[0].model_copy(update={"output_pattern": "always.the.same"})
    clashing = (entry[0], entry[1].model_copy(update={"steps": (owned,)}))
    result = await service.store_generated(
        batch([clashing], [ref("a.test.raw"), ref("b.test.raw")])
    )
    after = await service.store_generated(batch([entry], [ref("c.test.raw")], 1, 2))

    assert result.workflow_ids == (1,)
    assert after.workflow_ids == (2,)
    answer = await room.http(Role.VIEWER).get("/decision?dataset=uid-b.test.raw")
    match = answer.json()["matches"][0]
    assert match["outcome"] == "CONFLICT"
    assert match["reason"] == "dataset always.the.same is there already; it belongs to workflow 1"
    rows = await service.spd_tasks()
    assert [row.datas_in_id for row in rows] == [1, 4, 5], "the clash took no id"


async def test_a_template_that_is_gone_makes_the_batch_stale(
    room: Room, service: DataAccessClient, entry: Entry
) -> None:
    await room.http(Role.EXPERT).delete(f"/template/{entry[0].template_id}/delete")
    with pytest.raises(Stale, match=r"Template 1 is not there"):
        await service.store_generated(batch([entry], [ref("a.test.raw")]))
    assert await service.cursor("task-generator") == 0


async def test_a_workflow_without_a_decision_on_its_dataset_is_refused(
    service: DataAccessClient, entry: Entry
) -> None:
    whole = batch([entry], [ref("a.test.raw")])
    with pytest.raises(InvalidInput, match="no decision"):
        await service.store_generated(whole.model_copy(update={"decisions": ()}))


async def test_a_match_is_never_taken_back(
    room: Room, service: DataAccessClient, entry: Entry
) -> None:
    await service.store_generated(batch([entry], [ref("a.test.raw")]))
    shadow = entry[0].model_copy(update={"status": "SHADOW"})
    later = batch([(shadow, entry[1])], [ref("a.test.raw")], 1, 2)
    await service.store_generated(later.model_copy(update={"workflows": ()}))
    answer = await room.http(Role.VIEWER).get("/decision?dataset=uid-a.test.raw")
    assert [m["outcome"] for m in answer.json()["matches"]] == ["MATCH"]


async def test_a_workflow_event_carries_its_tasks(service: DataAccessClient, entry: Entry) -> None:
    await service.store_generated(batch([entry], [ref("a.test.raw")]))
    page = await service.events(0, topics=["workflow.created"])
    body = page.events[0].body
    assert (body["workflow_id"], body["template_id"], body["dataset_id"]) == (1, 1, 1)
    expected = [row.model_dump() for row in await service.spd_tasks()]
    assert body["tasks"] == expected


async def test_a_masked_dataset_that_is_closed_makes_closed_triggers_due(
    service: DataAccessClient, entry: Entry
) -> None:
    await service.store_generated(batch([entry], [ref("a.test.raw", DatasetState.CLOSED)]))
    rows = (await service.tasks()).items
    assert [row.waits_for for row in rows] == [(), ("a.test.raw.spd.decoding.v1 to exist",)]


async def test_a_version_with_a_time_that_reaches_back_leaves_taken_datasets_alone(
    room: Room, service: DataAccessClient, entry: Entry
) -> None:
    await service.store_generated(batch([entry], [ref("a.test.raw")]))
    change = TemplateChange(values={"cut": 5}, effective_from=EARLY)
    await room.client(Role.EXPERT).change_template(1, change)
    newer = await entry_of(service, 2)
    closed = ref("a.test.raw", DatasetState.CLOSED)
    result = await service.store_generated(batch([newer], [closed, ref("b.test.raw")], 1, 2))
    rows = (await service.workflows()).items
    assert [(w.template_id, w.dataset) for w in rows] == [(1, "a.test.raw"), (2, "b.test.raw")]
    assert len(result.workflow_ids) == 1
    answer = await room.http(Role.VIEWER).get("/decision?dataset=uid-a.test.raw")
    assert [(m["outcome"], m["reason"]) for m in answer.json()["matches"]] == [
        ("MATCH", "mask fits"),
        ("SKIPPED", "template 1, an earlier version, took it"),
    ]


async def test_what_was_skipped_stays_so_when_it_is_decided_on_again(
    room: Room, service: DataAccessClient, entry: Entry
) -> None:
    whole = batch([entry], [ref("a.test.raw")])
    (decided,) = whole.decisions
    late = decided.matches[0].model_copy(update={"outcome": "SKIPPED", "reason": "too late"})
    skipped = decided.model_copy(update={"matches": (late,)})
    change = {"decisions": (skipped,), "workflows": ()}
    await service.store_generated(whole.model_copy(update=change))
    await service.store_generated(batch([entry], [ref("a.test.raw")], 1, 2))
    assert await service.spd_tasks() == ()
    answer = await room.http(Role.VIEWER).get("/explain?dataset=uid-a.test.raw&template=1")
    assert (answer.json()["matched"], answer.json()["reason"]) == (False, "skipped: too late")


async def test_live_data_is_claimed_before_a_backlog_and_of_that_the_newest_first(
    service: DataAccessClient, entry: Entry
) -> None:
    whole = batch([entry], [ref(f"{name}.test.raw") for name in ("old", "new", "live")])
    places = (20, 10, 0)
    late = tuple(
        plan.model_copy(update={"behind": place})
        for plan, place in zip(whole.workflows, places, strict=True)
    )
    await service.store_generated(whole.model_copy(update={"workflows": late}))
    claimed = [
        (await service.claim_tasks(ClaimRequest(claimant="me", limit=1)))[0].workflow_id
        for _ in places
    ]
    assert claimed == [3, 2, 1]


names = st.sampled_from([f"run{number}.test.raw" for number in range(6)])


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.lists(st.lists(names, max_size=4), max_size=5))
def test_any_parts_with_any_repeats_make_each_workflow_once(
    blank: Path, parts: list[list[str]]
) -> None:
    async def post() -> None:
        with TemporaryDirectory() as folder:
            shutil.copytree(blank, folder, dirs_exist_ok=True)
            async with open_room(Path(folder)) as room:
                client = room.client(Role.SERVICE)
                made = await room.client(Role.EXPERT).create_template(new_template())
                entry = await entry_of(client, made.template_id)
                for number, part in enumerate(parts):
                    datasets = [ref(name) for name in part]
                    await client.store_generated(batch([entry], datasets, number, number + 1))
                rows = await client.spd_tasks()
        arrived = list(dict.fromkeys(name for part in parts for name in part))
        assert [row.task_id for row in rows] == list(range(1, 2 * len(arrived) + 1))
        assert [row.datas_in_id for row in rows[::2]] == [5 * n + 1 for n in range(len(arrived))]

    asyncio.run(post())
