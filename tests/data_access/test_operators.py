"""What an operator asks of tasks, one by one, by SPD's paths."""

import pytest
from tests.data_access.reporting import make_chains, report, requests, submit
from tests.data_access.room import Room

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import ClaimRequest
from penstock_core.contracts.workload import Command
from penstock_core.errors import Conflict, IllegalMove, InvalidInput, NotFound
from penstock_core.rights import Role
from penstock_core.states import TaskStatus


@pytest.fixture
async def operator(room: Room) -> DataAccessClient:
    """An operator over one chain: decoding (1), then reconstruction (2)."""
    return await make_chains(room, "a.test.raw")


async def test_a_planned_task_is_cancelled_at_once_with_what_reads_from_it(
    operator: DataAccessClient,
) -> None:
    row = await operator.set_status(1, "CANCELLED")
    assert row.status == "CANCELLED"
    assert [task.status for task in await operator.spd_tasks()] == ["CANCELLED"] * 2
    assert (await operator.task(1)).reason == "cancelled by somebody"
    assert await requests(operator) == []


async def test_a_running_task_is_asked_to_end_and_moves_when_that_is_observed(
    room: Room, operator: DataAccessClient
) -> None:
    await submit(room)
    row = await operator.set_status(1, "CANCELLED")
    assert row.status == "IN_PROGRESS"
    assert await requests(operator) == [Command(name="task.1", action="cancel")]
    await report(room, TaskStatus.CANCELLED)
    assert [task.status for task in await operator.spd_tasks()] == ["CANCELLED"] * 2


async def test_a_task_cancelled_on_its_way_to_the_workload_system_is_ended_there(
    room: Room, operator: DataAccessClient
) -> None:
    service = room.client(Role.SERVICE)
    await service.claim_tasks(ClaimRequest(claimant="killed before it stored the submission"))
    await operator.set_status(1, "CANCELLED")
    await report(room, TaskStatus.IN_PROGRESS)
    assert await requests(operator) == [Command(name="task.1", action="cancel")]
    await report(room, TaskStatus.CANCELLED)
    assert len(await requests(operator)) == 1


async def test_a_running_task_that_reads_from_a_cancelled_one_is_asked_to_end(
    room: Room, operator: DataAccessClient
) -> None:
    await submit(room)
    await report(room, TaskStatus.IN_PROGRESS, task_id=2)
    await report(room, TaskStatus.CANCELLED)
    assert Command(name="task.2", action="cancel") in await requests(operator)


async def test_asking_for_the_status_it_has_changes_nothing(
    operator: DataAccessClient,
) -> None:
    assert (await operator.set_status(1, "DEFINED")).status == "DEFINED"


async def test_an_ended_task_is_not_cancelled(room: Room, operator: DataAccessClient) -> None:
    await report(room, TaskStatus.FINISHED)
    with pytest.raises(IllegalMove, match="FINISHED to CANCELLED"):
        await operator.set_status(1, "CANCELLED")


async def test_a_failed_task_is_retried_by_the_status_that_it_has_then(
    room: Room, operator: DataAccessClient
) -> None:
    await submit(room)
    with pytest.raises(IllegalMove, match="no job of it has failed"):
        await operator.set_status(1, "IN_PROGRESS")
    await report(room, TaskStatus.FAILED, failed=1)
    assert (await operator.set_status(1, "IN_PROGRESS")).status == "IN_PROGRESS"
    assert await requests(operator) == [Command(name="task.1", action="retry")]
    with pytest.raises(InvalidInput, match="set to FINISHED by hand"):
        await operator.set_status(1, "FINISHED")


async def test_what_was_done_by_spds_paths_is_in_the_history(
    room: Room, operator: DataAccessClient
) -> None:
    await operator.set_rank(1, 7)
    await operator.set_status(1, "CANCELLED")
    done = (await operator.task_actions(1)).items
    assert [(a.action, a.rank, a.actor) for a in done] == [
        ("rank", 7, "somebody"),
        ("cancel", None, "somebody"),
    ]


async def test_a_rank_is_written_and_followed_where_the_task_runs(
    room: Room, operator: DataAccessClient
) -> None:
    assert (await operator.set_rank(1, 7)).rank == 7
    assert await requests(operator) == []
    await submit(room)
    await operator.set_rank(1, 9)
    assert await requests(operator) == [Command(name="task.1", action="rank", rank=9)]
    await report(room, TaskStatus.FINISHED)
    with pytest.raises(Conflict, match="decides nothing"):
        await operator.set_rank(1, 3)


async def test_a_running_task_is_not_deleted(room: Room, operator: DataAccessClient) -> None:
    await submit(room)
    with pytest.raises(Conflict, match="cannot be deleted"):
        await operator.call("DELETE", "/task/1/delete", None)
    await report(room, TaskStatus.FINISHED)
    await operator.call("DELETE", "/task/1/delete", None)
    with pytest.raises(NotFound):
        await operator.task(1)


async def test_a_deleted_plan_takes_along_what_reads_from_it(
    operator: DataAccessClient,
) -> None:
    await operator.call("DELETE", "/task/1/delete", None)
    assert [(t.task_id, t.status) for t in await operator.spd_tasks()] == [(2, "CANCELLED")]
