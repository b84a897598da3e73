"""What tasks wait for, in words, and which of them read what is incomplete."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import UNMET, dataset, task, task_gate, task_input, workflow
from penstock_core.states import DatasetState, TaskStatus

_maker = task.alias("maker")
_LOST = (TaskStatus.FAILED, TaskStatus.PARTIAL, TaskStatus.CANCELLED)


async def waits_for(connection: AsyncConnection, tasks: Sequence[int]) -> dict[int, list[str]]:
    """Return the needs, then the gates, that are unmet, by task."""
    waits = defaultdict(list, await _needs(connection, tasks))
    columns = task_gate.c
    query = (
        select(columns.task_id, columns.mask, columns.until)
        .where(columns.task_id.in_(tasks), text(UNMET))
        .order_by(columns.task_id, columns.mask, columns.until)
    )
    for task_id, mask, until in await connection.execute(query):
        what = f"a dataset like {mask}" if any(sign in mask for sign in "*?[") else mask
        waits[task_id].append(f"{what} to {'be closed' if until == 'closed' else 'exist'}")
    return waits


async def chain_waits(
    connection: AsyncConnection, dataset_uid: str, template_id: int
) -> tuple[str, ...]:
    """Return what keeps the tasks of a template over a dataset from starting, in their order."""
    query = (
        select(task.c.task_id, task.c.step)
        .join(workflow, workflow.c.workflow_id == task.c.workflow_id)
        .join(dataset, dataset.c.dataset_id == workflow.c.dataset_id)
        .where(dataset.c.uid == dataset_uid, workflow.c.template_id == template_id)
        .where(task.c.status == TaskStatus.DEFINED)
        .order_by(task.c.task_id)
    )
    steps = dict((await connection.execute(query)).tuples().all())
    waits = await waits_for(connection, list(steps))
    return tuple(f"{steps[n]} waits for {', '.join(waits[n])}" for n in steps if n in waits)


async def on_incomplete(connection: AsyncConnection, tasks: Sequence[int]) -> set[int]:
    """Return those of these tasks of whose inputs any is known to be incomplete."""
    query = (
        select(task_input.c.task_id)
        .join(dataset, dataset.c.dataset_id == task_input.c.dataset_id)
        .where(task_input.c.task_id.in_(tasks), dataset.c.incomplete)
    )
    return set((await connection.execute(query)).scalars())


async def _needs(connection: AsyncConnection, tasks: Sequence[int]) -> dict[int, list[str]]:
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
