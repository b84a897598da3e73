"""data-access's part of an audit: a page of workflows at a time, and datasets told from outside."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import (
    dataset,
    decision,
    examined,
    file_use,
    task,
    task_gate,
    task_input,
    workflow,
)
from penstock_core.among import among
from penstock_core.contracts.audit import (
    AuditedDataset,
    AuditedTask,
    Law,
    Violation,
    WorkflowsAudited,
)
from penstock_core.contracts.workflow import FileRole
from penstock_core.states import DatasetKind, DatasetState, TaskStatus

_T = task.c
_WITH_JOBS = frozenset({"SUBMITTED", "IN_PROGRESS", "FINISHED", "PARTIAL", "FAILED"})


async def audit_workflows(connection: AsyncConnection, after: int, limit: int) -> WorkflowsAudited:
    """Return what is wrong with a page of workflows, and their tasks that have jobs."""
    w = workflow.c
    page = select(w.workflow_id).where(w.workflow_id > after).order_by(w.workflow_id).limit(limit)
    numbers = list((await connection.execute(page)).scalars())
    query = select(task, w.namespace, dataset.c.uid.label("output_uid"))
    query = query.join(workflow, w.workflow_id == _T.workflow_id)
    query = query.join(dataset, dataset.c.dataset_id == _T.datas_out_id)
    rows = (await connection.execute(query.where(among(_T.workflow_id, numbers)))).all()
    found = [
        *await _waiting(connection, [row for row in rows if row.status == TaskStatus.DEFINED]),
        *await _external(connection, [row for row in rows if row.status in _WITH_JOBS]),
        *await _one_maker(connection, [row.task_id for row in rows]),
    ]
    return WorkflowsAudited(
        violations=tuple(found),
        tasks=tuple(_audited(row) for row in rows if row.external_id),
        next=numbers[-1] if len(numbers) == limit else None,
        newest=await connection.scalar(select(func.max(w.workflow_id))) or 0,
    )


async def audit_copies(
    connection: AsyncConnection, told: Sequence[AuditedDataset]
) -> tuple[Violation, ...]:
    """Return which of these datasets were not decided, not given their chain, or are behind."""
    by_uid = {each.uid: each for each in told}
    due = {u for u, d in by_uid.items() if d.kind is not DatasetKind.LOG and _is_there(d)}
    decided = set(
        (
            await connection.execute(
                select(examined.c.dataset_uid).where(among(examined.c.dataset_uid, due))
            )
        ).scalars()
    )
    found = [_undecided(by_uid[uid]) for uid in sorted(due - decided)]
    for row in await connection.execute(_unchained(due)):
        found.append(_no_chain(by_uid[row.dataset_uid], row.template_id))
    copies = select(dataset.c.uid, dataset.c.state).where(among(dataset.c.uid, by_uid))
    for row in await connection.execute(copies):
        if _is_behind(by_uid[row.uid].state, row.state):
            found.append(_behind(by_uid[row.uid], row.state))
    return tuple(found)


def _is_there(told: AuditedDataset) -> bool:
    return told.state in (DatasetState.OPEN, DatasetState.CLOSED)


def _is_behind(state: DatasetState, copied: str) -> bool:
    return state in (DatasetState.CLOSED, DatasetState.DELETED) and copied != state


def _unchained(uids: Iterable[str]) -> Select[Any]:
    """Return the query for matches that have no workflow."""
    d, w = decision.c, workflow.c
    chained = (
        exists()
        .where(dataset.c.uid == d.dataset_uid)
        .where(w.dataset_id == dataset.c.dataset_id, w.template_id == d.template_id)
    )
    query = select(d.dataset_uid, d.template_id).where(among(d.dataset_uid, uids))
    return query.where(d.outcome == "MATCH", ~chained)


async def _waiting(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Violation]:
    """Return the tasks that wait for another number of things than is unmet."""
    numbers = [row.task_id for row in rows]
    unmet: dict[int, int] = {}
    for table in (task_input, task_gate):
        query = select(table.c.task_id, func.count()).where(among(table.c.task_id, numbers))
        query = query.where(~table.c.met).group_by(table.c.task_id)
        for number, count in await connection.execute(query):
            unmet[number] = unmet.get(number, 0) + count
    return [
        _violation(
            Law.WAITING,
            row,
            f"task {row.task_id} waits for {row.waiting} things, and {unmet.get(row.task_id, 0)} "
            "are not there",
            waiting=row.waiting,
            unmet=unmet.get(row.task_id, 0),
        )
        for row in rows
        if row.waiting != unmet.get(row.task_id, 0)
    ]


async def _external(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Violation]:
    """Return the tasks that run under no name, or under that of another task."""
    named = {row.external_id: row for row in rows if row.external_id}
    query = select(_T.external_id, func.count()).where(among(_T.external_id, named))
    query = query.group_by(_T.external_id).having(func.count() > 1)
    found = [
        _violation(Law.EXTERNAL, row, f"task {row.task_id} is {row.status}, as no external task")
        for row in rows
        if not row.external_id
    ]
    for name, count in await connection.execute(query):
        text = f"{count} tasks are the external task {name}"
        found.append(_violation(Law.EXTERNAL, named[name], text, external_id=name, tasks=count))
    return found


async def _one_maker(connection: AsyncConnection, tasks: Sequence[int]) -> list[Violation]:
    """Return the files of these tasks that more than one job made."""
    one, other = file_use.alias(), file_use.alias()
    query = (
        select(one.c.namespace, one.c.name, one.c.task_id, other.c.task_id.label("other"))
        .join(
            other,
            (other.c.name == one.c.name)
            & (other.c.namespace == one.c.namespace)
            & (other.c.scope == one.c.scope)
            & (other.c.role == one.c.role),
        )
        .where(among(one.c.task_id, tasks), one.c.role == FileRole.OUT)
        .where((other.c.task_id != one.c.task_id) | (other.c["index"] != one.c["index"]))
    )
    return [
        Violation(
            law=Law.ONE_MAKER,
            namespace=row.namespace,
            subject=row.name,
            text=f"{row.name} was made by more than one job",
            evidence={"tasks": [row.task_id, row.other]},
        )
        for row in await connection.execute(query)
    ]


def _audited(row: Row[Any]) -> AuditedTask:
    return AuditedTask(
        task_id=row.task_id,
        namespace=row.namespace,
        name=row.external_id,
        status=TaskStatus(row.status),
        output_uid=row.output_uid or "",
        output_files=row.output_files,
    )


def _undecided(told: AuditedDataset) -> Violation:
    return _of(Law.DECIDED, told, f"no template was asked whether it takes {told.name}")


def _no_chain(told: AuditedDataset, template_id: int) -> Violation:
    text = f"template {template_id} takes {told.name}, and has no workflow on it"
    return _of(Law.CHAINED, told, text, template_id=template_id)


def _behind(told: AuditedDataset, copied: str) -> Violation:
    text = f"{told.name} is {told.state}, and tasks are told that it is {copied}"
    return _of(Law.COPIED, told, text, copied=copied)


def _of(law: Law, told: AuditedDataset, text: str, **evidence: Any) -> Violation:
    return Violation(
        law=law,
        namespace=told.namespace,
        subject=told.name,
        text=text,
        evidence={"uid": told.uid, "state": told.state} | evidence,
        tell_again=told.uid,
    )


def _violation(law: Law, row: Row[Any], text: str, **evidence: Any) -> Violation:
    about = {"task_id": row.task_id, "workflow_id": row.workflow_id, "status": row.status}
    return Violation(
        law=law,
        namespace=row.namespace,
        subject=f"task {row.task_id}",
        text=text,
        evidence=about | evidence,
    )
