"""No template takes what its own chains made: refused at save, and never made."""

import pytest
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from data_access.lineage import MOST_CHAINS
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import DatasetRef, TemplateChange
from penstock_core.errors import Conflict, InvalidMask
from penstock_core.rights import Role
from penstock_core.states import DatasetKind, TemplateStatus

OUTPUTS = {"takes_outputs": True}


@pytest.fixture
def expert(room: Room) -> DataAccessClient:
    return room.client(Role.EXPERT)


@pytest.fixture
def service(room: Room) -> DataAccessClient:
    return room.client(Role.SERVICE)


async def chain_on(room: Room, template_id: int, dataset_id: int) -> dict[str, int]:
    """Have a template make its chain by hand; return the workflow."""
    body = {"template_id": template_id, "dataset_id": dataset_id}
    answer = await room.http(Role.OPERATOR).post("/workflow/create", json=body)
    return dict(answer.json())


async def output_of(service: DataAccessClient, workflow: int) -> DatasetRef:
    """Return the output of a workflow's first task, as the storage manager tells of it."""
    task = (await service.tasks(workflow=workflow)).items[0]
    made = ref(task.output_name)
    return made.model_copy(update={"kind": DatasetKind.OUTPUT})


async def test_a_mask_that_could_fit_its_own_outputs_is_refused_with_an_example(
    expert: DataAccessClient,
) -> None:
    with pytest.raises(InvalidMask, match=r"could feed itself \(spd → spd\)") as refused:
        await expert.create_template(new_template(**OUTPUTS))
    assert (refused.value.field, refused.value.facts["loop"]) == ("masks", ["spd"])
    assert ".spd." in refused.value.facts["example"]
    assert "*.spd.*" in refused.value.hint
    made = await expert.create_template(new_template(exclude=("*.spd.*",), **OUTPUTS))
    assert made.takes_outputs


async def test_two_templates_that_could_feed_each_other_are_refused_also_when_rolled_back(
    expert: DataAccessClient,
) -> None:
    await expert.create_template(new_template("a", "*.b.decoding.v[0-9]", **OUTPUTS))
    loop = new_template("b", "*.a.decoding.v[0-9]", **OUTPUTS)
    with pytest.raises(InvalidMask, match="b → a → b"):
        await expert.create_template(loop)
    await expert.change_template(1, TemplateChange(status=TemplateStatus.ARCHIVED))
    await expert.create_template(loop)
    with pytest.raises(InvalidMask, match="a → b → a"):
        await expert.change_template(1, TemplateChange(status=TemplateStatus.ACTUAL))


async def test_an_output_is_taken_by_another_template(
    room: Room, expert: DataAccessClient, service: DataAccessClient
) -> None:
    await expert.create_template(new_template())
    await expert.create_template(new_template("next", "*.spd.decoding.v[0-9]", **OUTPUTS))
    first, second = [await entry_of(service, number) for number in (1, 2)]
    await service.store_generated(batch([first], [ref("a.test.raw")]))
    made = await output_of(service, 1)
    await service.store_generated(batch([second], [made], 1, 2))
    rows = (await service.workflows()).items
    assert [(w.template, w.dataset) for w in rows] == [
        ("spd", "a.test.raw"),
        ("next", "a.test.raw.spd.decoding.v1"),
    ]
    kept = (await service.call("GET", "/dataset/2/detail", dict))["kind"]
    assert kept == "output"


async def test_what_a_template_made_it_never_takes_whatever_its_masks_said(
    room: Room, expert: DataAccessClient, service: DataAccessClient
) -> None:
    await expert.create_template(new_template())
    await expert.create_template(new_template("next", "*.spd.decoding.v[0-9]", **OUTPUTS))
    first, second = [await entry_of(service, number) for number in (1, 2)]
    await service.store_generated(batch([first], [ref("a.test.raw")]))
    await service.store_generated(batch([second], [await output_of(service, 1)], 1, 2))
    looped = await output_of(service, 2)
    result = await service.store_generated(batch([first], [looped], 2, 3))
    assert result.workflow_ids == ()
    decided = await room.http(Role.VIEWER).get(f"/decision?dataset={looped.uid}")
    (match,) = decided.json()["matches"]
    assert match["outcome"] == "CONFLICT"
    assert match["reason"] == "it would feed itself: workflow 1 of spd made what this came from"


async def test_a_line_of_templates_ends_somewhere(
    room: Room, expert: DataAccessClient, service: DataAccessClient
) -> None:
    for n in range(MOST_CHAINS + 1):
        await expert.create_template(new_template(f"t{n}", f"t{n}.*"))
    await room.http(Role.OPERATOR).post("/dataset/create", json={"name": "a"})
    dataset = 1
    for n in range(MOST_CHAINS):
        made = await chain_on(room, n + 1, dataset)
        dataset = (await service.tasks(workflow=made["workflow_id"])).items[0].datas_out_id
    refused = await chain_on(room, MOST_CHAINS + 1, dataset)
    assert refused["error"] == Conflict.__name__
    assert f"{MOST_CHAINS} chains made this one after another" in str(refused["detail"])
