"""Gates: tasks that wait for other datasets, and what is told of them."""

import pytest
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.dsm import Wanted
from penstock_core.contracts.workflow import ClaimRequest, Gate
from penstock_core.rights import Role
from penstock_core.states import DatasetState

CALIB = Wanted(namespace="default", mask="swf.7.calib")
ANY = Wanted(namespace="default", mask="swf.*.calib", until="open")


@pytest.fixture
async def service(room: Room) -> DataAccessClient:
    """A service of a house with two chains whose first steps wait for the same calibration."""
    client = room.client(Role.SERVICE)
    template = await room.client(Role.EXPERT).create_template(new_template())
    entry, recipe = await entry_of(client, template.template_id)
    first, second = recipe.steps
    gates = (Gate(mask=CALIB.mask), Gate(mask=ANY.mask, until="open"))
    steps = (first.model_copy(update={"gates": (gates[0],)}), second)
    chain = (entry, recipe.model_copy(update={"steps": steps}))
    both = (first.model_copy(update={"gates": (*gates, gates[0])}), second)
    other = (entry, recipe.model_copy(update={"steps": both}))
    await client.store_generated(batch([chain], [ref("a.test")]))
    await client.store_generated(batch([other], [ref("b.test")], 1, 2))
    return client


async def due(client: DataAccessClient) -> list[int]:
    return [t.task_id for t in await client.claim_tasks(ClaimRequest(claimant="me"))]


async def test_a_task_with_a_gate_is_not_due_and_says_what_it_waits_for(
    service: DataAccessClient,
) -> None:
    assert await due(service) == []
    assert (await service.task(1)).waits_for == ("swf.7.calib to be closed",)
    assert (await service.task(3)).waits_for == (
        "a dataset like swf.*.calib to exist",
        "swf.7.calib to be closed",
    )


async def test_what_many_tasks_wait_for_is_asked_once_and_page_by_page(
    service: DataAccessClient,
) -> None:
    assert await service.unmet_gates(None) == (ANY, CALIB)
    assert await service.unmet_gates(None, limit=1) == (ANY,)
    assert await service.unmet_gates(ANY, limit=1) == (CALIB,)
    assert await service.unmet_gates(CALIB) == ()


async def test_a_met_gate_counts_once_however_often_it_is_told(service: DataAccessClient) -> None:
    await service.meet_gates([CALIB, CALIB])
    await service.meet_gates([CALIB])
    assert await due(service) == [1]
    assert await service.unmet_gates(None) == (ANY,)
    await service.meet_gates([ANY, CALIB])
    assert await due(service) == [3]


@pytest.mark.parametrize(
    "other", [{"namespace": "elsewhere"}, {"mask": "swf.8.calib"}, {"until": "open"}]
)
async def test_another_dataset_opens_no_gate(
    service: DataAccessClient, other: dict[str, str]
) -> None:
    await service.meet_gates([CALIB.model_copy(update=other)])
    assert await due(service) == []


async def test_nobody_waits_for_a_cancelled_task(room: Room, service: DataAccessClient) -> None:
    operator = room.client(Role.OPERATOR)
    await operator.set_status(1, "CANCELLED")
    await operator.set_status(3, "CANCELLED")
    assert await service.unmet_gates(None) == ()


async def test_gates_and_inputs_are_both_waited_for(room: Room, service: DataAccessClient) -> None:
    room.compiler.steps = {"merge": ("", "merge", "closed")}
    template = await room.client(Role.EXPERT).create_template(new_template("merge"))
    entry, recipe = await entry_of(service, template.template_id)
    steps = tuple(s.model_copy(update={"gates": (Gate(mask="x.cal"),)}) for s in recipe.steps)
    gated = (entry, recipe.model_copy(update={"steps": steps}))
    await service.store_generated(batch([gated], [ref("c.test")], 2, 3))
    await service.meet_gates([Wanted(namespace="default", mask="x.cal")])
    assert await due(service) == []
    closed = ref("c.test", DatasetState.CLOSED)
    await service.store_generated(batch([gated], [closed], 3, 4))
    assert await due(service) == [5]
