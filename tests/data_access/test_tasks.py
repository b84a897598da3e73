"""A task's road: due, claimed, submitted, observed; and what comes in the wrong order."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.data_access.room import Room, batch, entry_of, new_template, ref

from data_access.readiness import copy_states
from data_access.submitted import open_datasets
from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import (
    ClaimRequest,
    CopiedStates,
    DatasetCopy,
    DueTask,
    JobReport,
    ObservedBatch,
    SubmittedTask,
    TaskReport,
)
from penstock_core.errors import Stale
from penstock_core.rights import Role
from penstock_core.states import DatasetState, JobState, TaskStatus
from penstock_core.store import Store
from recipe.model import Mode, Trigger

CHAIN = {
    "decode": ("", Mode.MAP, Trigger.OPEN),
    "merge": ("decode", Mode.MERGE, Trigger.CLOSED),
}


@pytest.fixture
async def service(room: Room) -> DataAccessClient:
    """A service of a house that has one chain: map, then a merge that waits for closing."""
    room.compiler.steps = CHAIN
    client = room.client(Role.SERVICE)
    template = await room.client(Role.EXPERT).create_template(new_template(values={"threshold": 3}))
    entry = await entry_of(client, template.template_id)
    await client.store_generated(batch([entry], [ref("a.test.raw")]))
    return client


async def claim(client: DataAccessClient, lease_s: float = 60) -> tuple[DueTask, ...]:
    return await client.claim_tasks(ClaimRequest(claimant="me", lease_s=lease_s))


def submitted(task: DueTask) -> SubmittedTask:
    number = task.task_id
    return SubmittedTask(
        task_id=number,
        token=task.token,
        external_id=f"task.{number}",
        output_uid=f"out{number}",
        log_uid=f"log{number}",
    )


def report(number: int, status: TaskStatus, jobs: int = 3, finished: int = 0) -> TaskReport:
    return TaskReport(
        task_id=number,
        output_uid=f"out{number}",
        log_uid=f"log{number}",
        status=status,
        jobs=jobs,
        running=1,
        finished=finished,
        failed=0,
        output_files=finished,
        log_files=finished,
    )


def job(number: int, index: int, state: JobState, attempts: int = 1) -> JobReport:
    return JobReport(
        task_id=number,
        index=index,
        state=state,
        attempts=attempts,
        exit_code=0,
        reason="",
        host="here",
        started_at=None,
        ended_at=None,
        inputs=("a.raw",),
        outputs=("a.out",),
    )


async def observe(
    client: DataAccessClient, *tasks: TaskReport, jobs: tuple[JobReport, ...] = ()
) -> None:
    at = await client.cursor("reports")
    await client.store_observed(
        ObservedBatch(follower="reports", expected=at, cursor=at + 1, tasks=tasks, jobs=jobs)
    )


async def copy(client: DataAccessClient, **states: DatasetState) -> None:
    at = await client.cursor("copier")
    copies = tuple(DatasetCopy(uid=uid, state=state) for uid, state in states.items())
    await client.copy_states(
        CopiedStates(follower="copier", expected=at, cursor=at + 1, states=copies)
    )


async def statuses(client: DataAccessClient) -> list[str]:
    return [row.status for row in (await client.tasks()).items]


async def test_a_due_task_says_all_that_its_submission_needs(service: DataAccessClient) -> None:
    (due,) = await claim(service)
    assert (due.task_id, due.workflow_id, due.template_id, due.step) == (1, 1, 1, "decode")
    assert due.values == {"threshold": 3}
    assert [(i.step, i.dataset_uid) for i in due.inputs] == [("", "uid-a.test.raw")]
    assert due.output.model_dump() == {
        "dataset_id": 2,
        "uid": "",
        "namespace": "default",
        "scope": "daq",
        "name": "a.test.raw.spd.decode.v1",
        "kind": "output",
    }
    assert (due.log.dataset_id, due.log.kind) == (3, "log")
    assert (await service.recipe(due.recipe_digest))["steps"][0]["name"] == "decode"


async def test_a_claimed_task_is_not_given_twice_before_its_lease_ends(
    service: DataAccessClient,
) -> None:
    (first,) = await claim(service, lease_s=2)
    assert await claim(service) == ()
    await asyncio.sleep(2.01)
    (second,) = await claim(service)
    assert (first.task_id, second.task_id) == (1, 1)
    assert second.token > first.token


async def test_a_submission_under_a_lost_lease_is_left_alone(service: DataAccessClient) -> None:
    (first,) = await claim(service, lease_s=0.01)
    await asyncio.sleep(0.02)
    (second,) = await claim(service)
    await service.store_submitted([submitted(first)])
    assert await statuses(service) == ["DEFINED", "DEFINED"]
    await service.store_submitted([submitted(second)])
    assert await statuses(service) == ["SUBMITTED", "DEFINED"]


async def test_concurrent_claimants_share_the_work_without_overlap(room: Room) -> None:
    service = room.client(Role.SERVICE)
    template = await room.client(Role.EXPERT).create_template(new_template())
    entry = await entry_of(service, template.template_id)
    await service.store_generated(batch([entry], [ref(f"{n}.test") for n in range(20)]))
    request = ClaimRequest(claimant="one of many", limit=7)
    claims = await asyncio.gather(
        *(room.client(Role.SERVICE).claim_tasks(request) for _ in range(5))
    )
    claimed = [due.task_id for some in claims for due in some]
    assert len(claimed) == len(set(claimed)) == 20


async def test_the_higher_rank_is_claimed_first(room: Room) -> None:
    service = room.client(Role.SERVICE)
    template = await room.client(Role.EXPERT).create_template(new_template())
    entry = await entry_of(service, template.template_id)
    await service.store_generated(batch([entry], [ref(f"{n}.test") for n in range(3)]))
    await room.client(Role.OPERATOR).set_rank(5, 9)
    assert [due.task_id for due in await claim(service)] == [5, 1, 3]


async def test_a_task_with_trigger_closed_waits_for_the_closing_and_says_so(
    service: DataAccessClient,
) -> None:
    (due,) = await claim(service)
    await service.store_submitted([submitted(due)])
    assert await claim(service) == ()
    merge = await service.task(2)
    assert merge.waits_for == ("a.test.raw.spd.decode.v1 to be closed",)
    await copy(service, out1=DatasetState.CLOSED)
    assert [d.step for d in await claim(service)] == ["merge"]
    assert (await service.task(2)).waits_for == ()


async def test_a_task_behind_a_failed_one_says_what_is_to_be_done(
    service: DataAccessClient,
) -> None:
    (due,) = await claim(service)
    await service.store_submitted([submitted(due)])
    await observe(service, report(1, TaskStatus.FAILED))
    assert (await service.task(2)).waits_for == (
        "a.test.raw.spd.decode.v1 to be closed; task 1 ended FAILED, "
        "so it stays open until that is retried or its loss accepted",
    )


async def test_a_state_copied_before_its_dataset_is_known_is_not_lost(
    service: DataAccessClient,
) -> None:
    (due,) = await claim(service)
    await copy(service, out1=DatasetState.CLOSED)
    await service.store_submitted([submitted(due)])
    assert [d.step for d in await claim(service)] == ["merge"]


@pytest.mark.parametrize("first", ["the opening", "the copying"])
async def test_a_state_copied_while_its_dataset_is_named_is_not_lost(
    service: DataAccessClient, room: Room, first: str
) -> None:
    await claim(service)
    number = (await service.task(1)).datas_out_id

    async def name(connection: AsyncConnection) -> None:
        await open_datasets(connection, {number: "out1"})

    async def close(connection: AsyncConnection) -> None:
        await copy_states(connection, [DatasetCopy(uid="out1", state=DatasetState.CLOSED)])

    store = Store(room.house.settings.database("data-access"))
    earlier, later = (name, close) if first == "the opening" else (close, name)

    async def do_later() -> None:
        async with store.write() as connection:
            await later(connection)

    async with store.write() as connection:
        await earlier(connection)
        other = asyncio.create_task(do_later())
        await asyncio.sleep(0.3)
    await other
    await store.close()
    await observe(service, report(1, TaskStatus.FINISHED))
    assert [d.step for d in await claim(service)] == ["merge"]


async def test_states_never_go_back(service: DataAccessClient) -> None:
    (due,) = await claim(service)
    await service.store_submitted([submitted(due)])
    await copy(service, out1=DatasetState.CLOSED)
    await copy(service, out1=DatasetState.OPEN)
    assert [d.step for d in await claim(service)] == ["merge"]


async def test_reports_move_tasks_and_count(service: DataAccessClient) -> None:
    (due,) = await claim(service)
    await service.store_submitted([submitted(due)])
    await observe(service, report(1, TaskStatus.IN_PROGRESS, finished=1))
    await observe(service, report(1, TaskStatus.SUBMITTED, finished=2))
    task = await service.task(1)
    assert (task.status, task.jobs, task.finished) == ("IN_PROGRESS", 3, 2)
    await observe(service, report(1, TaskStatus.FINISHED, finished=3))
    task = await service.task(1)
    assert (task.status, task.finished) == ("FINISHED", 3)
    assert task.submitted_at is not None
    assert task.ended_at is not None


async def test_a_report_that_cannot_be_true_is_left_out_and_the_others_go_on(
    service: DataAccessClient,
) -> None:
    await observe(service, report(1, TaskStatus.FINISHED, finished=3))
    await observe(
        service,
        report(1, TaskStatus.IN_PROGRESS),
        report(99, TaskStatus.FINISHED),
        report(2, TaskStatus.IN_PROGRESS),
    )
    assert await statuses(service) == ["FINISHED", "IN_PROGRESS"]


async def test_a_report_before_the_submission_is_stored_counts_as_the_submission(
    service: DataAccessClient,
) -> None:
    (due,) = await claim(service)
    await observe(service, report(1, TaskStatus.FINISHED, finished=3))
    await copy(service, out1=DatasetState.CLOSED)
    await service.store_submitted([submitted(due)])
    assert await statuses(service) == ["FINISHED", "DEFINED"]
    assert [d.step for d in await claim(service)] == ["merge"]


async def test_a_stretch_of_reports_is_stored_once(service: DataAccessClient) -> None:
    told = ObservedBatch(follower="reports", expected=0, cursor=5, tasks=(), jobs=())
    await service.store_observed(told)
    with pytest.raises(Stale):
        await service.store_observed(told)


async def test_each_final_job_is_kept_once_and_a_later_attempt_replaces_it(
    service: DataAccessClient,
) -> None:
    first = (job(1, 0, JobState.FAILED), job(1, 1, JobState.FINISHED))
    await observe(service, jobs=first)
    await observe(service, jobs=(*first, job(99, 0, JobState.FINISHED)))
    await observe(service, jobs=(job(1, 0, JobState.FINISHED, attempts=2),))
    page = await service.jobs(1)
    assert [(j.index, j.state, j.attempts) for j in page.items] == [
        (0, "FINISHED", 2),
        (1, "FINISHED", 1),
    ]
    assert page.items[0].outputs == ("a.out",)
    assert [j.index for j in (await service.jobs(1, after=0)).items] == [1]


async def test_the_log_of_a_job_may_hold_what_no_column_takes(
    service: DataAccessClient,
) -> None:
    told = job(1, 0, JobState.FINISHED).model_copy(update={"log_tail": "a\0b"})
    await observe(service, jobs=(told,))
    assert (await service.jobs(1)).items[0].log_tail == "a\N{REPLACEMENT CHARACTER}b"


async def test_the_index_of_a_job_may_be_any_sequence_number(service: DataAccessClient) -> None:
    await observe(service, jobs=(job(1, 20_261_123_120_000, JobState.FINISHED),))
    assert [j.index for j in (await service.jobs(1)).items] == [20_261_123_120_000]


async def test_a_retry_takes_a_failed_task_back_to_work(service: DataAccessClient) -> None:
    await observe(service, report(1, TaskStatus.FAILED))
    await observe(service, report(1, TaskStatus.IN_PROGRESS))
    task = await service.task(1)
    assert (task.status, task.ended_at) == ("IN_PROGRESS", None)


async def test_a_cancelled_task_takes_along_what_reads_from_it(service: DataAccessClient) -> None:
    await observe(service, report(1, TaskStatus.CANCELLED))
    assert await statuses(service) == ["CANCELLED", "CANCELLED"]
    assert (await service.task(2)).reason == "step decode, which it reads from, was cancelled"


async def test_status_events_tell_moves_alone(service: DataAccessClient) -> None:
    await observe(service, report(1, TaskStatus.IN_PROGRESS))
    await observe(service, report(1, TaskStatus.IN_PROGRESS, finished=2))
    await observe(service, report(1, TaskStatus.FINISHED, finished=3))
    page = await service.events(0, topics=["task.status"])
    assert [(e.key, e.body["status"]) for e in page.events] == [
        ("1", "IN_PROGRESS"),
        ("1", "FINISHED"),
    ]


async def test_the_workflows_status_follows_from_its_tasks(service: DataAccessClient) -> None:
    async def status() -> str:
        return (await service.workflows()).items[0].status

    assert await status() == "DEFINED"
    await observe(service, report(1, TaskStatus.FINISHED))
    assert await status() == "IN_PROGRESS"
    await observe(service, report(2, TaskStatus.FAILED))
    assert await status() == "FAILED"
