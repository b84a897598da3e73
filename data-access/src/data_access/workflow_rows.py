"""Workflows as they are shown; their status is derived from their tasks."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import dataset, task, template, workflow
from penstock_core.contracts.workflow import WorkflowRow
from penstock_core.errors import NotFound
from penstock_core.states import FINAL_TASKS, TaskStatus

_OWN = (
    *(c for c in workflow.c if c.name in WorkflowRow.model_fields),
    template.c.name.label("template"),
    template.c.version,
    dataset.c.name.label("dataset"),
)
_ALL = (
    select(*_OWN)
    .join(dataset, dataset.c.dataset_id == workflow.c.dataset_id)
    .outerjoin(template, template.c.template_id == workflow.c.template_id)
)
_WORST_FIRST = (
    TaskStatus.FAILED,
    TaskStatus.PARTIAL,
    TaskStatus.CANCELLED,
    TaskStatus.FINISHED,
    TaskStatus.SKIPPED,
)


def derived_status(statuses: Collection[TaskStatus]) -> TaskStatus:
    """Return what a workflow is whose tasks are in ``statuses``: its worst end, once all ended."""
    if set(statuses) <= FINAL_TASKS:
        return next((s for s in _WORST_FIRST if s in statuses), TaskStatus.FINISHED)
    only_planned = set(statuses) == {TaskStatus.DEFINED}
    return TaskStatus.DEFINED if only_planned else TaskStatus.IN_PROGRESS


def workflows_after(after: int, limit: int, **equal: Any) -> Select[Any]:
    """Return the query for a page; ``equal`` are columns with the value they must have.

    ``template`` and ``dataset`` are the names of those.
    """
    named = {"template": template.c.name, "dataset": dataset.c.name}
    query = _ALL.where(workflow.c.workflow_id > after)
    for name, value in equal.items():
        if value not in (None, ""):
            column = named[name] if name in named else workflow.c[name]
            query = query.where(column == value)
    return query.order_by(workflow.c.workflow_id).limit(limit)


async def read_workflows(connection: AsyncConnection, query: Select[Any]) -> list[WorkflowRow]:
    """Return the workflows of a query made here, with their status."""
    rows = (await connection.execute(query)).mappings().all()
    statuses = await _statuses(connection, [row["workflow_id"] for row in rows])
    return [
        WorkflowRow(**row, status=derived_status(statuses.get(row["workflow_id"], set())))
        for row in rows
    ]


async def read_workflow(connection: AsyncConnection, workflow_id: int) -> WorkflowRow:
    """Return one workflow; raises ``NotFound``."""
    found = await read_workflows(connection, _ALL.where(workflow.c.workflow_id == workflow_id))
    if not found:
        raise no_workflow(workflow_id)
    return found[0]


def no_workflow(workflow_id: int) -> NotFound:
    """Return the error that there is no such workflow."""
    return NotFound(
        f"There is no workflow {workflow_id}.",
        hint="GET /workflow/all lists them.",
        facts={"workflow_id": workflow_id},
    )


async def _statuses(
    connection: AsyncConnection, workflows: Sequence[int]
) -> dict[int, set[TaskStatus]]:
    query = (
        select(task.c.workflow_id, task.c.status)
        .where(task.c.workflow_id.in_(workflows))
        .distinct()
    )
    found: dict[int, set[TaskStatus]] = {}
    for workflow_id, status in await connection.execute(query):
        found.setdefault(workflow_id, set()).add(TaskStatus(status))
    return found
