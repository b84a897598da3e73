"""Chains made again, and versions rolled back."""

import asyncio

import pytest
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import RerunRequest, TemplateChange
from penstock_core.errors import Conflict, Forbidden, NotFound
from penstock_core.rights import Role
from penstock_core.states import DatasetState, TemplateStatus

NEWEST = RerunRequest(version="newest", because="a better cable map")


@pytest.fixture
def operator(room: Room) -> DataAccessClient:
    return room.client(Role.OPERATOR)


@pytest.fixture
def expert(room: Room) -> DataAccessClient:
    return room.client(Role.EXPERT)


@pytest.fixture
async def stocked(room: Room, expert: DataAccessClient) -> DataAccessClient:
    """A template that has its workflow on one dataset, and the services' client."""
    service = room.client(Role.SERVICE)
    await expert.create_template(new_template())
    entry = await entry_of(service, 1)
    await service.store_generated(batch([entry], [ref("a.test.raw", DatasetState.CLOSED)]))
    return service


async def outputs(client: DataAccessClient, workflow: int) -> list[str]:
    return [task.output_name for task in (await client.tasks(workflow=workflow)).items]


async def test_a_rerun_is_a_workflow_of_its_own_that_says_who_and_why(
    stocked: DataAccessClient, operator: DataAccessClient
) -> None:
    before = await stocked.tasks(workflow=1)
    made = await operator.rerun(1, RerunRequest(because="the disk was full"))
    assert (made.workflow_id, made.template_id, made.dataset_id, made.rerun) == (2, 1, 1, 1)
    assert (made.created_by, made.because) == ("somebody", "the disk was full")
    assert (made.template, made.version, made.dataset) == ("spd", 1, "a.test.raw")
    assert await outputs(operator, 2) == [
        "a.test.raw.spd.decoding.v1.try1",
        "a.test.raw.spd.reconstruction.v1.try1",
    ]
    assert await stocked.tasks(workflow=1) == before
    assert (await operator.tasks(workflow=2)).items[0].waits_for == ()


async def test_reruns_count_on_over_all_versions_of_the_name(
    stocked: DataAccessClient, operator: DataAccessClient, expert: DataAccessClient
) -> None:
    await expert.change_template(1, TemplateChange(values={"cut": 5}))
    by_new = await operator.rerun(1, NEWEST)
    by_old = await operator.rerun(by_new.workflow_id, RerunRequest())
    by_first = await operator.rerun(1, RerunRequest())
    found = [(w.template_id, w.rerun) for w in (by_new, by_old, by_first)]
    assert found == [(2, 1), (2, 2), (1, 3)]
    assert await outputs(operator, by_first.workflow_id) == [
        "a.test.raw.spd.decoding.v1.try3",
        "a.test.raw.spd.reconstruction.v1.try3",
    ]


async def test_the_newest_version_is_the_one_that_is_actual(
    stocked: DataAccessClient, operator: DataAccessClient, expert: DataAccessClient
) -> None:
    await expert.change_template(1, TemplateChange(values={"cut": 5}))
    await expert.roll_back(2)
    assert (await operator.rerun(1, NEWEST)).template_id == 1
    await expert.change_template(1, TemplateChange(status=TemplateStatus.ARCHIVED))
    with pytest.raises(Conflict, match="No version of template spd is ACTUAL"):
        await operator.rerun(1, NEWEST)
    assert (await operator.rerun(1, RerunRequest())).template_id == 1


async def test_a_repeated_request_with_its_key_is_one_rerun(
    stocked: DataAccessClient, operator: DataAccessClient
) -> None:
    asked = RerunRequest(idempotency_key="click-7")
    made = await asyncio.gather(*(operator.rerun(1, asked) for _ in range(4)))
    assert {row.workflow_id for row in made} == {2}


async def test_what_cannot_be_made_again_says_why(
    room: Room, stocked: DataAccessClient, operator: DataAccessClient
) -> None:
    with pytest.raises(NotFound):
        await operator.rerun(99, RerunRequest())
    with pytest.raises(Forbidden):
        await room.client(Role.EXPERT).rerun(1, RerunRequest())


async def test_workflows_are_found_by_the_names_of_template_and_dataset(
    stocked: DataAccessClient, operator: DataAccessClient, expert: DataAccessClient
) -> None:
    await expert.change_template(1, TemplateChange(values={"cut": 5}))
    await operator.rerun(1, NEWEST)
    of_name = await operator.workflows(template_name="spd", dataset_name="a.test.raw")
    assert [w.workflow_id for w in of_name.items] == [1, 2]
    assert [w.workflow_id for w in (await operator.workflows(template=2)).items] == [2]
    assert (await operator.workflows(dataset_name="b.test.raw")).items == ()


async def test_a_roll_back_makes_the_version_before_actual_again(
    stocked: DataAccessClient, expert: DataAccessClient
) -> None:
    for cut in (5, 6):
        await expert.change_template(1, TemplateChange(values={"cut": cut}))
    back = await expert.roll_back(3)
    assert (back.template_id, back.status) == (2, "ACTUAL")
    states = [t.status for t in (await expert.templates()).items]
    assert states == ["ARCHIVED", "ACTUAL", "ARCHIVED"]


async def test_a_repeated_roll_back_undoes_nothing_more(
    stocked: DataAccessClient, expert: DataAccessClient
) -> None:
    await expert.change_template(1, TemplateChange(values={"cut": 5}))
    await expert.roll_back(2)
    with pytest.raises(Conflict, match="Template 2 is ARCHIVED"):
        await expert.roll_back(2)
    assert (await expert.template(1)).status == "ACTUAL"


async def test_the_first_version_has_nothing_to_go_back_to(
    stocked: DataAccessClient, expert: DataAccessClient
) -> None:
    with pytest.raises(Conflict, match="No other version of spd was ACTUAL before"):
        await expert.roll_back(1)
