"""Tasks as they are shown: SPD's row, and all that is known, with what each waits for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import dataset, job, task, task_input, workflow
from penstock_core.contracts.workflow import JobReport, SpdTask, Task
from penstock_core.errors import NotFound
from penstock_core.states import DatasetState, TaskStatus

_masked = dataset.alias("masked")
_in = dataset.alias("in_")
_out = dataset.alias("out")
_log = dataset.alias("log")
_maker = task.alias("maker")
_LOST = (TaskStatus.FAILED, TaskStatus.PARTIAL, TaskStatus.CANCELLED)
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
    waits = await _waits_for(connection, [r["task_id"] for r in rows if r["status"] == "DEFINED"])
    return [Task(**row, waits_for=tuple(waits.get(row["task_id"], ()))) for row in rows]


async def read_task(connection: AsyncConnection, task_id: int) -> Task:
    """Return one task with all that is known; raises ``NotFound``."""
    found = await read_rich(connection, rich_tasks().where(task.c.task_id == task_id))
    if not found:
        raise no_task(task_id)
    return found[0]


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


async def _waits_for(connection: AsyncConnection, tasks: Sequence[int]) -> dict[int, list[str]]:
    same_chain = (_maker.c.workflow_id == task.c.workflow_id) & (_maker.c.step == task_input.c.step)
    query = (
        select(
            task_input.c.task_id,
            task_input.c.until,
            dataset.c.name,
            dataset.c.state,
            _maker.c.task_id.label("maker"),
            _maker.c.status.label("maker_status"),
            _maker.c.loss_accepted_by.label("accepted_by"),
        )
        .join(dataset, dataset.c.dataset_id == task_input.c.dataset_id)
        .join(task, task.c.task_id == task_input.c.task_id)
        .outerjoin(_maker, same_chain & _maker.c.status.in_(_LOST))
        .where(task_input.c.task_id.in_(tasks), task_input.c.met.is_(False))
        .order_by(task_input.c.task_id, task_input.c.step)
    )
    waits: dict[int, list[str]] = {}
    for row in await connection.execute(query):
        waits.setdefault(row.task_id, []).append(_in_words(row))
    return waits


def _in_words(need: Row[Any]) -> str:
    if need.state == DatasetState.DELETED:
        return f"{need.name}, which was deleted"
    if need.until == "open":
        return f"{need.name} to exist"
    if need.maker is None:
        return f"{need.name} to be closed"
    ended = f"{need.name} to be closed; task {need.maker} ended {need.maker_status}"
    if need.accepted_by:
        return f"{ended}, and {need.accepted_by} accepted the loss: it closes soon"
    if need.maker_status == TaskStatus.CANCELLED:
        return f"{ended}, so it stays open until an operator closes it"
    return f"{ended}, so it stays open until that is retried or its loss accepted"
