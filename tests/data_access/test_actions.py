"""Actions on selections of tasks: what is taken, what follows, what the history keeps."""

import pytest
from sqlalchemy import text
from tests.data_access.reporting import ended, make_chains, report, requests, submit
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import (
    ActionName,
    ActionResult,
    ClaimRequest,
    NewAction,
    Selection,
    SubmittedTask,
)
from penstock_core.contracts.workload import Command
from penstock_core.errors import Forbidden, InvalidInput, NotFound
from penstock_core.rights import Role
from penstock_core.states import TaskStatus
from penstock_core.store import Store

A, S = ActionName, TaskStatus


@pytest.fixture
async def operator(room: Room) -> DataAccessClient:
    """An operator over two chains: tasks 1 and 2 on the first dataset, 3 and 4 on the other."""
    return await make_chains(room, "a.test.raw", "b.test.raw")


async def act(
    client: DataAccessClient,
    action: ActionName,
    *,
    rank: int | None = None,
    because: str = "",
    dry_run: bool = False,
    **selection: object,
) -> ActionResult:
    chosen = Selection.model_validate(selection)
    return await client.act(
        NewAction(action=action, selection=chosen, rank=rank, because=because, dry_run=dry_run)
    )


def told(result: ActionResult) -> dict[int, str]:
    return {each.task_id: each.outcome for each in result.outcomes}


async def statuses(client: DataAccessClient) -> list[str]:
    return [task.status for task in (await client.tasks()).items]


async def test_paused_plans_are_not_claimed_until_they_are_resumed(
    room: Room, operator: DataAccessClient
) -> None:
    result = await act(operator, A.PAUSE, workflows=[1])
    assert told(result) == {1: "done", 2: "done"}
    service = room.client(Role.SERVICE)
    due = await service.claim_tasks(ClaimRequest(claimant="me"))
    assert [task.task_id for task in due] == [3]
    await act(operator, A.RESUME, tasks=[1])
    due = await service.claim_tasks(ClaimRequest(claimant="me"))
    assert [task.task_id for task in due] == [1]
    assert await requests(operator) == []


async def test_running_tasks_are_paused_and_ranked_where_they_run(
    room: Room, operator: DataAccessClient
) -> None:
    await submit(room)
    assert told(await act(operator, A.PAUSE, tasks=[1, 3, 4])) == {
        1: "asked",
        3: "asked",
        4: "done",
    }
    await act(operator, A.RANK, rank=9, workflows=[1])
    await act(operator, A.RESUME, tasks=[3])
    assert await requests(operator) == [
        Command(name="task.1", action="pause"),
        Command(name="task.3", action="pause"),
        Command(name="task.1", action="rank", rank=9),
        Command(name="task.3", action="resume"),
    ]
    found = (await operator.tasks()).items
    assert [(task.paused, task.rank) for task in found] == [
        (True, 9),
        (False, 9),
        (False, 1),
        (True, 1),
    ]


async def test_what_was_decided_while_a_task_was_on_its_way_is_asked_for_later(
    room: Room, operator: DataAccessClient
) -> None:
    service = room.client(Role.SERVICE)
    due = await service.claim_tasks(ClaimRequest(claimant="me", limit=1))
    await act(operator, A.PAUSE, tasks=[1])
    await act(operator, A.RANK, rank=4, tasks=[1])
    assert await requests(operator) == []
    submitted = SubmittedTask(
        task_id=1,
        token=due[0].token,
        external_id="task.1",
        output_uid="o1",
        log_uid="l1",
        rank=due[0].rank,
    )
    await service.store_submitted([submitted])
    assert await requests(operator) == [
        Command(name="task.1", action="rank", rank=4),
        Command(name="task.1", action="pause"),
    ]


async def test_a_cancelled_selection_takes_along_what_reads_from_it(
    room: Room, operator: DataAccessClient
) -> None:
    result = await act(operator, A.CANCEL, because="wrong map", dataset="a.*", status="DEFINED")
    assert told(result) == {1: "done", 2: "done"}
    assert await statuses(operator) == ["CANCELLED"] * 2 + ["DEFINED"] * 2
    assert (await operator.task(1)).reason == "cancelled by somebody: wrong map"
    assert told(await act(operator, A.CANCEL, tasks=[3])) == {3: "done"}
    assert await statuses(operator) == ["CANCELLED"] * 4
    assert told(await act(operator, A.CANCEL, tasks=[1, 4])) == {1: "already", 4: "already"}


async def test_a_retry_moves_failed_tasks_and_asks_for_their_failed_jobs(
    room: Room, operator: DataAccessClient
) -> None:
    await submit(room)
    await report(room, S.PARTIAL, 1, ends=ended("f."), finished=1, failed=1, reason="Job 0: no")
    await report(room, S.IN_PROGRESS, 3, finished=5)
    result = await act(operator, A.RETRY, namespace="default", because="the disk is back")
    assert told(result) == {1: "asked"}
    task = await operator.task(1)
    assert (task.status, task.reason, task.ended_at) == ("IN_PROGRESS", "", None)
    assert await requests(operator) == [Command(name="task.1", action="retry")]
    refused = (await act(operator, A.RETRY, tasks=[1, 3, 4])).outcomes
    assert [(r.task_id, r.outcome, r.why) for r in refused] == [
        (1, "asked", ""),
        (3, "refused", "is IN_PROGRESS, and no job of it has failed"),
        (4, "refused", "is DEFINED, and no job of it has failed"),
    ]
    await report(room, S.FINISHED, 1, ends=ended(".", attempts=2), finished=2)
    assert (await operator.task(1)).status == "FINISHED"


async def test_an_accepted_loss_is_told_with_all_that_closing_needs(
    room: Room, operator: DataAccessClient
) -> None:
    await submit(room)
    await report(room, S.PARTIAL, failed=1, finished=2, output_files=2, log_files=3)
    with pytest.raises(InvalidInput, match="accepted for a reason"):
        await act(operator, A.ACCEPT_LOSS, tasks=[1])
    result = await act(operator, A.ACCEPT_LOSS, tasks=[1, 2], because="noise run")
    assert told(result) == {1: "done", 2: "refused"}
    (event,) = (await operator.events(0, topics=["task.loss_accepted"])).events
    assert event.body == {
        "task_id": 1,
        "output_uid": "o1",
        "log_uid": "l1",
        "output_files": 2,
        "log_files": 3,
        "actor": "somebody",
        "because": "noise run",
    }
    assert (await operator.task(1)).loss_accepted_by == "somebody"
    later = await act(operator, A.RETRY, tasks=[1])
    assert later.outcomes[0].why == "has its loss accepted by somebody"


async def test_whole_chains_are_made_again_each_once(
    room: Room, operator: DataAccessClient
) -> None:
    dry = await act(operator, A.RERUN_ALL, dry_run=True, workflows=[1])
    assert told(dry) == {1: "done", 2: "done"}
    result = await act(operator, A.RERUN_ALL, tasks=[1, 2], because="a new map")
    assert [(r.outcome, r.why) for r in result.outcomes] == [
        ("done", "has its chain made again as workflow 3")
    ] * 2
    tasks = (await operator.tasks(workflow=3)).items
    assert [(t.task_id, t.output_name) for t in tasks] == [
        (5, "a.test.raw.spd.decoding.v1.try1"),
        (6, "a.test.raw.spd.reconstruction.v1.try1"),
    ]
    (action,) = (await operator.task_actions(2)).items
    assert (action.action, action.because) == ("rerun_all", "a new map")
    with pytest.raises(InvalidInput, match="knows no version"):
        await operator.act(
            NewAction(action=A.PAUSE, selection=Selection(tasks=(1,)), version="newest")
        )


async def test_a_dry_run_tells_and_does_nothing(room: Room, operator: DataAccessClient) -> None:
    result = await act(operator, A.CANCEL, dry_run=True, dataset="*.test.raw")
    assert (result.action_id, result.dry_run) == (None, True)
    assert told(result) == dict.fromkeys((1, 2, 3, 4), "done")
    assert await statuses(operator) == ["DEFINED"] * 4
    assert (await operator.actions()).items == ()


async def test_selections_fit_all_that_is_given(room: Room, operator: DataAccessClient) -> None:
    async def taken(**selection: object) -> list[int]:
        return list(told(await act(operator, A.PAUSE, dry_run=True, **selection)))

    assert await taken(dataset="b.test.raw") == [3, 4]
    assert await taken(dataset="[bc].*", workflows=[1]) == []
    assert await taken(template="spd", workflows=[2]) == [3, 4]
    assert await taken(template="1", status="DEFINED", tasks=[2, 3]) == [2, 3]
    assert await taken(template="other") == []
    assert await taken(namespace="theirs") == []
    assert await taken(status="FAILED") == []


async def test_tasks_of_a_run_are_those_over_its_datasets(room: Room) -> None:
    service = room.client(Role.SERVICE)
    await room.client(Role.EXPERT).create_template(new_template())
    one = ref("a.test.raw").model_copy(update={"metadata": {"run": 101983}})
    theirs = ref("b.test.raw").model_copy(
        update={"metadata": {"run": "101983"}, "namespace": "theirs"}
    )
    entries = [await entry_of(service, 1)]
    await service.store_generated(batch(entries, [one, theirs, ref("c.test.raw")]))
    operator = room.client(Role.OPERATOR)
    found = await act(operator, A.PAUSE, run="101983", namespace="default")
    assert list(told(found)) == [1, 2]
    found = await act(operator, A.PAUSE, run="101983")
    assert list(told(found)) == [3, 4]


async def test_the_history_keeps_who_did_what_and_why(
    room: Room, operator: DataAccessClient
) -> None:
    await act(operator, A.PAUSE, workflows=[1], because="calibration is late")
    await act(operator, A.PAUSE, tasks=[1])
    await act(operator, A.RANK, tasks=[2, 3], rank=8)
    first, second = (await operator.actions()).items
    assert (first.actor, first.action, first.because, first.tasks) == (
        "somebody",
        "pause",
        "calibration is late",
        2,
    )
    assert first.selection == {"workflows": [1]}
    assert (second.action, second.rank, second.tasks) == ("rank", 8, 2)
    of_task = (await operator.task_actions(2)).items
    assert [(a.action_id, a.action, a.before, a.outcome) for a in of_task] == [
        (1, "pause", "DEFINED", "done"),
        (2, "rank", "DEFINED", "done"),
    ]
    tasks = await room.http(Role.VIEWER).get("/action/2/task", params={"after": 2})
    assert [row["task_id"] for row in tasks.json()["items"]] == [3]
    assert (await operator.actions(actor="policy")).items == ()


async def test_what_cannot_be_meant_is_refused(lite: Room) -> None:
    operator = await make_chains(lite, "a.test.raw")
    with pytest.raises(InvalidInput, match="every task there is"):
        await act(operator, A.CANCEL)
    with pytest.raises(InvalidInput, match="no other"):
        await act(operator, A.RANK, tasks=[1])
    with pytest.raises(InvalidInput, match="no other"):
        await act(operator, A.PAUSE, tasks=[1], rank=3)
    with pytest.raises(InvalidInput, match="no glob"):
        await act(operator, A.PAUSE, dataset="[")
    with pytest.raises(NotFound, match="no task 99"):
        await act(operator, A.PAUSE, tasks=[1, 99])
    with pytest.raises(NotFound):
        await operator.task_actions(99)
    with pytest.raises(Forbidden):
        await act(lite.client(Role.VIEWER), A.PAUSE, tasks=[1])


async def test_tasks_of_a_run_are_found_through_the_index(lite: Room) -> None:
    store = Store(lite.house.settings.database("data-access"))
    sql = "EXPLAIN QUERY PLAN SELECT dataset_id FROM dataset WHERE run <> '' AND run = 'x'"
    async with store.read() as connection:
        found = str((await connection.execute(text(sql))).all())
    await store.close()
    assert "ix_dataset_run" in found
