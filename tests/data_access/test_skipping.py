"""A run with no files has nothing to do; what lacks files says so along the chain."""

import pytest
from tests.data_access.room import Room, batch, entry_of, new_template, ref
from tests.data_access.test_tasks import CHAIN, claim, statuses, submitted

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import CopiedStates, DatasetCopy, DatasetRef
from penstock_core.rights import Role
from penstock_core.states import DatasetState

CLOSED = DatasetState.CLOSED


def empty(name: str) -> DatasetRef:
    return ref(name, CLOSED).model_copy(update={"metadata": {"files": 0}})


@pytest.fixture
async def service(room: Room) -> DataAccessClient:
    """A service of a house with one chain: map, then a merge that waits for closing."""
    room.compiler.steps = CHAIN
    client = room.client(Role.SERVICE)
    template = await room.client(Role.EXPERT).create_template(new_template())
    entry = await entry_of(client, template.template_id)
    await client.store_generated(batch([entry], [ref("a.test")]))
    return client


async def copy(client: DataAccessClient, *copies: DatasetCopy) -> None:
    at = await client.cursor("copier")
    told = CopiedStates(follower="copier", expected=at, cursor=at + 1, states=copies)
    await client.copy_states(told)


async def test_a_dataset_that_closes_empty_skips_its_whole_chain(
    service: DataAccessClient,
) -> None:
    await copy(service, DatasetCopy(uid="uid-a.test", state=CLOSED, files=0))
    assert await statuses(service) == ["SKIPPED", "SKIPPED"]
    merge = await service.task(2)
    assert (merge.reason, merge.waits_for) == ("a.test closed with no files", ())
    assert merge.ended_at is not None
    assert (await service.workflows()).items[0].status == "SKIPPED"
    page = await service.events(0, topics=["task.status"])
    assert [(e.key, e.body["status"]) for e in page.events] == [("1", "SKIPPED"), ("2", "SKIPPED")]
    assert await claim(service) == ()


@pytest.mark.parametrize("files", [None, 3])
async def test_a_dataset_with_files_or_with_a_count_unknown_skips_nothing(
    service: DataAccessClient, files: int | None
) -> None:
    await copy(service, DatasetCopy(uid="uid-a.test", state=CLOSED, files=files))
    assert await statuses(service) == ["DEFINED", "DEFINED"]


async def test_what_has_started_is_left_to_the_workload_system(service: DataAccessClient) -> None:
    (due,) = await claim(service)
    await copy(service, DatasetCopy(uid="uid-a.test", state=CLOSED, files=0))
    assert await statuses(service) == ["DEFINED", "SKIPPED"]
    await service.store_submitted([submitted(due)])
    assert await statuses(service) == ["SUBMITTED", "SKIPPED"]


async def test_a_chain_over_what_is_closed_empty_already_is_skipped_when_it_is_made(
    room: Room, service: DataAccessClient
) -> None:
    entry = await entry_of(service, 1)
    await service.store_generated(batch([entry], [empty("b.test")], 1, 2))
    assert await statuses(service) == ["DEFINED", "DEFINED", "SKIPPED", "SKIPPED"]
    other = await room.client(Role.EXPERT).create_template(new_template("other"))
    late = await entry_of(service, other.template_id)
    await service.store_generated(batch([late], [empty("b.test")], 2, 3))
    assert (await statuses(service))[4:] == ["SKIPPED", "SKIPPED"]


async def test_the_count_that_came_before_the_dataset_counts(service: DataAccessClient) -> None:
    await copy(service, DatasetCopy(uid="uid-c.test", state=CLOSED, files=0))
    entry = await entry_of(service, 1)
    await service.store_generated(batch([entry], [ref("c.test")], 1, 2))
    assert (await statuses(service))[2:] == ["SKIPPED", "SKIPPED"]


async def test_who_reads_what_is_incomplete_says_so(service: DataAccessClient) -> None:
    assert [t.input_incomplete for t in (await service.tasks()).items] == [False, False]
    await copy(service, DatasetCopy(uid="uid-a.test", state=CLOSED, files=3, incomplete=True))
    assert [t.input_incomplete for t in (await service.tasks()).items] == [True, False]
    (due,) = await claim(service)
    await service.store_submitted([submitted(due)])
    await copy(service, DatasetCopy(uid="out1", state=CLOSED, files=3, incomplete=True))
    assert (await service.task(2)).input_incomplete
    await copy(service, DatasetCopy(uid="out1", state=CLOSED))
    assert (await service.task(2)).input_incomplete, "what is not told stays"
    await copy(service, DatasetCopy(uid="out1", state=CLOSED, incomplete=False))
    assert not (await service.task(2)).input_incomplete
