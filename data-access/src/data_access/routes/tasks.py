"""Tasks: SPD's paths with SPD's rows, and ours with all that is known."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from data_access.context import Context, Here
from data_access.operators import delete_task, set_rank, set_status
from data_access.paging import After, Fetch, Limit, MaybeLimit, Number, bare_array, page
from data_access.schema import task as task_table
from data_access.task_rows import (
    filtered,
    read_jobs,
    read_rich,
    read_spd,
    read_spd_task,
    read_task,
    rich_tasks,
)
from penstock_core.contracts.base import Frozen, Page
from penstock_core.contracts.workflow import JobReport, NewTask, SpdTask, Task, TaskDetail
from penstock_core.states import TaskStatus
from penstock_core.web import Operator, Reader

router = APIRouter(prefix="/task", tags=["task"])


class NewRank(Frozen):
    """Higher first."""

    rank: int = Field(ge=1, le=1_000_000)


class NewStatus(Frozen):
    """What an operator asks a task to become."""

    status: TaskStatus


@router.get("/all", response_model=list[SpdTask])
async def all_tasks(
    here: Here, _: Reader, after: After = 0, limit: MaybeLimit = None
) -> StreamingResponse:
    """Return all tasks."""
    return bare_array(_fetch(here), after, limit, lambda row: row.task_id)


@router.get("/status/{status_name}", response_model=list[SpdTask])
async def tasks_in_status(
    here: Here, _: Reader, status_name: TaskStatus, after: After = 0, limit: MaybeLimit = None
) -> StreamingResponse:
    """Return the tasks that are shown in a status; submitted ones are IN_PROGRESS."""
    shown = {TaskStatus.IN_PROGRESS: (TaskStatus.SUBMITTED, TaskStatus.IN_PROGRESS)}
    fetch = _fetch(here, shown.get(status_name, (status_name,)))
    return bare_array(fetch, after, limit, lambda row: row.task_id)


def _fetch(here: Context, statuses: tuple[str, ...] = ()) -> Fetch[SpdTask]:
    async def fetch(after: int, limit: int) -> list[SpdTask]:
        async with here.store.read() as connection:
            return await read_spd(connection, after, limit, statuses)

    return fetch


@router.get("")
async def page_of_tasks(
    here: Here,
    _: Reader,
    status: TaskStatus | None = None,
    workflow: int | None = None,
    namespace: str = "",
    dataset: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> Page[Task]:
    """Return a page of tasks with all that is known; ``dataset`` is its chain's or its own."""
    query = rich_tasks().where(task_table.c.task_id > after)
    chosen = filtered(
        query, status=status or "", workflow_id=workflow, namespace=namespace, name=dataset
    )
    async with here.store.read() as connection:
        rows = await read_rich(connection, chosen.order_by(task_table.c.task_id).limit(limit))
    return page(rows, limit, lambda row: row.task_id)


@router.post("/create", status_code=201)
async def create_task(here: Here, _: Operator, body: NewTask) -> SpdTask:
    """Submit one task over a dataset: a program of the allow-list, its arguments, no shell."""
    return await here.submissions.create(body)


@router.get("/{task_id}")
async def one_task(here: Here, _: Reader, task_id: Number) -> SpdTask:
    """Return one task."""
    async with here.store.read() as connection:
        return await read_spd_task(connection, task_id)


@router.get("/{task_id}/detail")
async def task_detail(here: Here, _: Reader, task_id: Number) -> TaskDetail:
    """Return one task with all that is known, and what it waits for."""
    async with here.store.read() as connection:
        return await read_task(connection, task_id)


@router.get("/{task_id}/job")
async def jobs_of_task(
    here: Here,
    _: Reader,
    task_id: Number,
    after: Annotated[int, Query(ge=-1, description="The last index that was read.")] = -1,
    limit: Limit = 100,
) -> Page[JobReport]:
    """Return a page of a task's final jobs, by index."""
    async with here.store.read() as connection:
        await read_spd_task(connection, task_id)
        rows = await read_jobs(connection, task_id, after, limit)
    return page(rows, limit, lambda row: row.index)


@router.put("/{task_id}/rank")
async def change_rank(here: Here, caller: Operator, task_id: Number, body: NewRank) -> SpdTask:
    """Change a task's rank."""
    await set_rank(here.store, task_id, body.rank, caller.subject)
    return await one_task(here, caller, task_id)


@router.put("/{task_id}/status")
async def change_status(here: Here, caller: Operator, task_id: Number, body: NewStatus) -> SpdTask:
    """Cancel a task (a planned one at once, a running one when the workload system has), or retry.

    ``IN_PROGRESS`` has the failed jobs of a FAILED or PARTIAL task tried again.
    """
    await set_status(here.store, task_id, body.status, caller.subject)
    return await one_task(here, caller, task_id)


@router.delete("/{task_id}/delete")
async def remove_task(here: Here, _: Operator, task_id: Number) -> dict[str, int]:
    """Delete a task that does not run."""
    await delete_task(here.store, task_id)
    return {"task_id": task_id}
