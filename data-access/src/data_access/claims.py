"""Due tasks, leased to whoever asks first; a token fences off a claimant that was too slow."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.schema import DUE, dataset, task, task_input, workflow
from penstock_core.contracts.workflow import ClaimRequest, DueTask, Identity, TaskInput
from penstock_core.store import Store

_out = dataset.alias("out")
_log = dataset.alias("log")


async def claim_tasks(store: Store, request: ClaimRequest) -> tuple[DueTask, ...]:
    """Lease up to ``limit`` due tasks, highest rank first, of one rank live data first."""
    async with store.write() as connection:
        claimed = await _lease(connection, request, time.time())
        if not claimed:
            return ()
        inputs = await _inputs(connection, claimed)
        rows = (await connection.execute(_described(claimed))).mappings().all()
    return tuple(_due_task(row, inputs.get(row["task_id"], [])) for row in rows)


async def _lease(
    connection: AsyncConnection, request: ClaimRequest, moment: float
) -> Sequence[int]:
    due = (
        select(task.c.task_id)
        .where(text(DUE), task.c.paused.is_(False), task.c.lease_until <= moment)
        .order_by(task.c.rank.desc(), task.c.behind, task.c.task_id)
        .limit(request.limit)
        .with_for_update(skip_locked=True)
    )
    change = (
        task.update()
        .where(task.c.task_id.in_(due.scalar_subquery()))
        .values(
            claimant=request.claimant,
            token=task.c.token + 1,
            lease_until=moment + request.lease_s,
        )
        .returning(task.c.task_id)
    )
    return (await connection.execute(change)).scalars().all()


async def _inputs(connection: AsyncConnection, tasks: Sequence[int]) -> dict[int, list[TaskInput]]:
    query = (
        select(task_input.c.task_id, task_input.c.step, dataset.c.uid)
        .join(dataset, dataset.c.dataset_id == task_input.c.dataset_id)
        .where(task_input.c.task_id.in_(tasks))
        .order_by(task_input.c.task_id, task_input.c.step)
    )
    inputs: dict[int, list[TaskInput]] = {}
    for task_id, step, uid in await connection.execute(query):
        inputs.setdefault(task_id, []).append(TaskInput(step=step, dataset_uid=uid))
    return inputs


def _described(tasks: Sequence[int]) -> Any:
    own = [task.c[name] for name in _OWN]
    w = workflow.c
    return (
        select(
            *own,
            *(w.namespace, w.template_id, w.recipe_digest, w["values"]),
            *_columns(_out, "out"),
            *_columns(_log, "log"),
        )
        .join(workflow, w.workflow_id == task.c.workflow_id)
        .join(_out, _out.c.dataset_id == task.c.datas_out_id)
        .join(_log, _log.c.dataset_id == task.c.datas_log_id)
        .where(task.c.task_id.in_(tasks))
        .order_by(task.c.rank.desc(), task.c.behind, task.c.task_id)
    )


_OWN = ("task_id", "token", "workflow_id", "step", "rank", "behind", "retry")
_PARTS = ("dataset_id", "uid", "namespace", "scope", "name", "kind")


def _columns(table: Any, prefix: str) -> list[Any]:
    return [table.c[part].label(f"{prefix}_{part}") for part in _PARTS]


def _identity(row: Any, prefix: str) -> Identity:
    found = {part: row[f"{prefix}_{part}"] for part in _PARTS}
    return Identity(**found | {"uid": found["uid"] or ""})


def _due_task(row: Any, inputs: Sequence[TaskInput]) -> DueTask:
    taken = set(DueTask.model_fields) - {"inputs", "output", "log"}
    return DueTask(
        **{name: row[name] for name in taken},
        inputs=tuple(inputs),
        output=_identity(row, "out"),
        log=_identity(row, "log"),
    )
