"""Tasks as they are shown: SPD's row, and all that is known, with what each waits for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import dataset, job, task, workflow
from data_access.task_waits import on_incomplete, waits_for
from penstock_core.contracts.workflow import JobReport, SpdTask, Task, TaskDetail
from penstock_core.errors import NotFound
from penstock_core.states import TaskStatus

_masked = dataset.alias("masked")
_in = dataset.alias("in_")
_out = dataset.alias("out")
_log = dataset.alias("log")
_OWN = [
    c for c in task.c if c.name in Task.model_fields and c.name not in ("workflow_id", "waits_for")
]
_RICH = (
    *_OWN,
    task.c.workflow_id.label("wflow_id"),
    workflow.c.namespace,
    workflow.c.template_id,
    _in.c.name.label("input_name"),
    _out.c.name.label("output_name"),
    _log.c.name.label("log_name"),
)
_SPD = [
    task.c.workflow_id.label("wflow_id") if n == "wflow_id" else task.c[n]
    for n in SpdTask.model_fields
]


def rich_tasks() -> Select[Any]:
    """Return the query for all that is known of tasks, but for what they wait for."""
    return (
        select(*_RICH)
        .join(workflow, workflow.c.workflow_id == task.c.workflow_id)
        .join(_masked, _masked.c.dataset_id == workflow.c.dataset_id)
        .join(_in, _in.c.dataset_id == task.c.datas_in_id)
        .join(_out, _out.c.dataset_id == task.c.datas_out_id)
        .join(_log, _log.c.dataset_id == task.c.datas_log_id)
    )


def filtered(
    query: Select[Any], *, status: str, workflow_id: int | None, namespace: str, name: str
) -> Select[Any]:
    """Return ``query`` with those of the filters that are given.

    ``name`` is a dataset's: of the task's input, or of the one that its whole chain is over.
    """
    if status:
        query = query.where(task.c.status == status)
    if workflow_id is not None:
        query = query.where(task.c.workflow_id == workflow_id)
    if namespace:
        query = query.where(workflow.c.namespace == namespace)
    if name:
        query = query.where(or_(_in.c.name == name, _masked.c.name == name))
    return query


async def read_rich(connection: AsyncConnection, query: Select[Any]) -> list[Task]:
    """Return the tasks of a query made by :func:`rich_tasks`."""
    rows = (await connection.execute(query)).mappings().all()
    waiting = [r["task_id"] for r in rows if r["status"] == TaskStatus.DEFINED]
    waits = await waits_for(connection, waiting)
    lacking = await on_incomplete(connection, [r["task_id"] for r in rows])
    return [
        Task(
            **row,
            waits_for=tuple(waits.get(row["task_id"], ())),
            input_incomplete=row["task_id"] in lacking,
        )
        for row in rows
    ]


async def read_task(connection: AsyncConnection, task_id: int) -> TaskDetail:
    """Return one task with all that is known; raises ``NotFound``."""
    found = await read_rich(connection, rich_tasks().where(task.c.task_id == task_id))
    if not found:
        raise no_task(task_id)
    of_workflow = workflow.c.workflow_id == found[0].wflow_id
    values = await connection.scalar(select(workflow.c["values"]).where(of_workflow)) or {}
    return TaskDetail(**dict(found[0]), values=values)


async def read_spd(
    connection: AsyncConnection, after: int, limit: int, statuses: Sequence[str] = ()
) -> list[SpdTask]:
    """Return SPD's rows after an id."""
    query = select(*_SPD).where(task.c.task_id > after)
    if statuses:
        query = query.where(task.c.status.in_(statuses))
    rows = await connection.execute(query.order_by(task.c.task_id).limit(limit))
    return [spd_task(row) for row in rows.mappings()]


async def read_spd_task(connection: AsyncConnection, task_id: int) -> SpdTask:
    """Return SPD's row of one task; raises ``NotFound``."""
    found = await connection.execute(select(*_SPD).where(task.c.task_id == task_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise no_task(task_id)
    return spd_task(row)


def spd_task(row: Any) -> SpdTask:
    """Return SPD's twelve keys; to SPD a submitted task is in progress."""
    status = row["status"]
    shown = TaskStatus.IN_PROGRESS if status == TaskStatus.SUBMITTED else status
    return SpdTask(**dict(row) | {"status": shown})


def no_task(task_id: int) -> NotFound:
    """Return the error that there is no such task."""
    return NotFound(
        f"There is no task {task_id}.",
        hint="GET /task/all lists them.",
        facts={"task_id": task_id},
    )


async def read_jobs(
    connection: AsyncConnection, task_id: int, after: int, limit: int
) -> list[JobReport]:
    """Return a task's final jobs after an index."""
    query = (
        select(job)
        .where(job.c.task_id == task_id, job.c.index > after)
        .order_by(job.c.index)
        .limit(limit)
    )
    return [JobReport(**row) for row in (await connection.execute(query)).mappings()]
