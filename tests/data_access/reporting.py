"""What tests of operators share: a chain, its submission, what the workload system reports."""

from typing import Any

from tests.data_access.room import Room, batch, entry_of, new_template, ref

from penstock_core.clients import DataAccessClient
from penstock_core.contracts.workflow import (
    ClaimRequest,
    JobReport,
    ObservedBatch,
    SubmittedTask,
    TaskReport,
)
from penstock_core.contracts.workload import Command
from penstock_core.rights import Role
from penstock_core.states import JobState, TaskStatus


async def make_chains(room: Room, *names: str, **each_step: Any) -> DataAccessClient:
    """Make SPD's chain on each of these datasets; return an operator over them.

    Tasks 1 and 2 (decoding, reconstruction) are on the first, 3 and 4 on the second, and so on;
    ``each_step`` are settings of their steps.
    """
    service = room.client(Role.SERVICE)
    await room.client(Role.EXPERT).create_template(new_template())
    entry, recipe = await entry_of(service, 1)
    steps = tuple(step.model_copy(update=each_step) for step in recipe.steps)
    entries = [(entry, recipe.model_copy(update={"steps": steps}))]
    await service.store_generated(batch(entries, [ref(name) for name in names]))
    return room.client(Role.OPERATOR)


async def submit(room: Room) -> None:
    """Submit the tasks that are due, as the task-manager does."""
    service = room.client(Role.SERVICE)
    told = [
        SubmittedTask(
            task_id=due.task_id,
            token=due.token,
            external_id=f"task.{due.task_id}",
            output_uid=f"o{due.task_id}",
            log_uid=f"l{due.task_id}",
        )
        for due in await service.claim_tasks(ClaimRequest(claimant="me"))
    ]
    await service.store_submitted(told)


async def report(
    room: Room,
    status: TaskStatus,
    task_id: int = 1,
    *,
    ends: list[JobReport] | None = None,
    **more: Any,
) -> None:
    """Report a task's status, with its counts and the jobs that ended, ``ends``."""
    service = room.client(Role.SERVICE)
    at = await service.cursor("reports")
    names = ("jobs", "running", "finished", "failed", "output_files", "log_files")
    uids = {"output_uid": f"o{task_id}", "log_uid": f"l{task_id}"}
    told = TaskReport(task_id=task_id, status=status, **dict.fromkeys(names, 0) | uids | more)
    await service.store_observed(
        ObservedBatch(
            follower="reports", expected=at, cursor=at + 1, tasks=(told,), jobs=tuple(ends or ())
        )
    )


def ended(states: str, first: int = 0, task_id: int = 1, attempts: int = 1) -> list[JobReport]:
    """Return reports of jobs, by letters: ``f`` for one that failed, else it finished."""
    return [
        JobReport(
            task_id=task_id,
            index=first + number,
            state=JobState.FAILED if letter == "f" else JobState.FINISHED,
            attempts=attempts,
            exit_code=1 if letter == "f" else 0,
            reason="",
            host="here",
            started_at=None,
            ended_at=None,
        )
        for number, letter in enumerate(states)
    ]


async def requests(client: DataAccessClient) -> list[Command]:
    """Return what the workload system was asked for."""
    page = await client.events(0, topics=["task.requested"])
    return [Command(**event.body) for event in page.events]
