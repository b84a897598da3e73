"""The pilot's part of an audit: tasks that should run here, and groups that should not overlap."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock_core.among import among
from penstock_core.contracts.audit import AuditedTask, Law, Violation
from penstock_core.states import TaskStatus
from pilot.tables import job, task

_RUNNING = frozenset({TaskStatus.SUBMITTED, TaskStatus.IN_PROGRESS})


async def audit_tasks(
    connection: AsyncConnection, told: Sequence[AuditedTask]
) -> tuple[Violation, ...]:
    """Return which of these tasks are not known though they run, or have a file in two groups."""
    by_name = {each.name: each for each in told}
    query = select(task.c.id, task.c.name).where(among(task.c.name, by_name))
    known = {row.id: by_name[row.name] for row in await connection.execute(query)}
    lost = by_name.keys() - {each.name for each in known.values()}
    running = [by_name[name] for name in sorted(lost) if by_name[name].status in _RUNNING]
    found = [
        _violation(Law.KNOWN, each, f"{each.name} is {each.status}, and the pilot has no such task")
        for each in running
    ]
    return (*found, *await _overlapping(connection, known))


async def _overlapping(
    connection: AsyncConnection, known: dict[int, AuditedTask]
) -> list[Violation]:
    one, other = job.alias(), job.alias()
    query = (
        select(one.c.task_id, one.c.number, other.c.number.label("other"))
        .join(other, (other.c.task_id == one.c.task_id) & (other.c.number > one.c.number))
        .where(among(one.c.task_id, known))
        .where(one.c.first <= other.c.last, other.c.first <= one.c.last)
    )
    return [
        _violation(
            Law.GROUPED,
            known[row.task_id],
            f"jobs {row.number} and {row.other} of {known[row.task_id].name} read the same file",
            jobs=[row.number, row.other],
        )
        for row in await connection.execute(query)
    ]


def _violation(law: Law, told: AuditedTask, text: str, **evidence: object) -> Violation:
    about = {"task_id": told.task_id, "status": told.status}
    return Violation(
        law=law,
        namespace=told.namespace,
        subject=told.name,
        text=text,
        evidence=about | evidence,
    )
