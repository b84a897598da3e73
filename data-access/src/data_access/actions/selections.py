"""The tasks of a selection, with what actions look at."""

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.rules import MAY_BE_FOR
from data_access.bulk import Row, chunks
from data_access.schema import HAS_RUN, dataset, task, template, workflow
from data_access.task_rows import no_task
from penstock_core.contracts.workflow import MAX_TASKS, ActionName, Selection
from penstock_core.errors import InvalidInput
from penstock_core.name_glob import name_matches

_masked = dataset.alias("masked")
_in = dataset.alias("in_")
_out = dataset.alias("out")
_log = dataset.alias("log")


async def select_tasks(
    connection: AsyncConnection, selection: Selection, action: ActionName, *, lock: bool
) -> list[Row]:
    """Return the tasks of a selection that ``action`` may be for, or that it names by their ids.

    In the order of their ids; with ``lock`` they stay locked until the transaction ends.

    Raises
    ------
    InvalidInput
        nothing is given, or the selection holds too many tasks.
    NotFound
        there is no task of an id that is named.
    """
    _require_some(selection)
    query = _query(lock).where(*await _conditions(connection, selection))
    if not selection.tasks:
        query = query.where(task.c.status.in_(sorted(MAY_BE_FOR[action])))
        return _limited(await _rows(connection, query.limit(MAX_TASKS + 1)))
    found: list[Row] = []
    for some in chunks(sorted(set(selection.tasks))):
        found += await _rows(connection, query.where(task.c.task_id.in_(some)))
    _require_all(selection, found)
    return found


def _require_some(selection: Selection) -> None:
    if selection.is_empty:
        raise InvalidInput(
            "The selection is empty, which would be every task there is.",
            hint="Give tasks, workflows, run, namespace, status, template or dataset.",
            field="selection",
        )


def _require_all(selection: Selection, found: list[Row]) -> None:
    """Raise ``NotFound`` for an id that is no task's, if ids are all that was given."""
    missing = set(selection.tasks) - {row["task_id"] for row in found}
    if missing and selection == Selection(tasks=selection.tasks):
        raise no_task(min(missing))


def _limited(rows: list[Row]) -> list[Row]:
    if len(rows) > MAX_TASKS:
        raise InvalidInput(
            f"The selection holds more than {MAX_TASKS} tasks.",
            hint="Narrow it, by run, template or status, and act in several calls.",
            field="selection",
            facts={"limit": MAX_TASKS},
        )
    return rows


def _query(lock: bool) -> Select[Any]:
    query = (
        select(
            task,
            workflow.c.namespace,
            workflow.c.template_id,
            _masked.c.state.label("masked_state"),
            _in.c.name.label("input_name"),
            _out.c.state.label("output_state"),
            _out.c.uid.label("output_uid"),
            _log.c.uid.label("log_uid"),
        )
        .join(workflow, workflow.c.workflow_id == task.c.workflow_id)
        .join(_masked, _masked.c.dataset_id == workflow.c.dataset_id)
        .join(_in, _in.c.dataset_id == task.c.datas_in_id)
        .join(_out, _out.c.dataset_id == task.c.datas_out_id)
        .join(_log, _log.c.dataset_id == task.c.datas_log_id)
        .order_by(task.c.task_id)
    )
    return query.with_for_update(of=task) if lock else query


async def _conditions(
    connection: AsyncConnection, selection: Selection
) -> list[ColumnElement[bool]]:
    """Return the conditions for all that is given but the ids of tasks."""
    w = workflow.c
    conditions: list[Any] = []
    if selection.workflows:
        conditions.append(task.c.workflow_id.in_(selection.workflows))
    if selection.run:
        # Written out: a planner takes a partial index only where it can see the condition.
        of_run = select(dataset.c.dataset_id).where(text(HAS_RUN), dataset.c.run == selection.run)
        conditions.append(w.dataset_id.in_(of_run))
    if selection.namespace:
        conditions.append(w.namespace == selection.namespace)
    if selection.status:
        conditions.append(task.c.status == selection.status)
    if selection.template:
        conditions.append(w.template_id.in_(_templates(selection.template)))
    if selection.dataset:
        names = (_masked.c.name, _in.c.name)
        conditions.append(or_(*(name_matches(connection, n, selection.dataset) for n in names)))
    return conditions


def _templates(named: str) -> Select[tuple[int]]:
    found = select(template.c.template_id)
    if named.isdecimal():
        return found.where(template.c.template_id == int(named))
    return found.where(template.c.name == named)


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in (await connection.execute(query)).mappings()]
