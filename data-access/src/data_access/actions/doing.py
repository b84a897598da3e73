"""An action, from what was asked to what became of it: one transaction, told task by task."""

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.effects import Order, apply
from data_access.actions.history import remember
from data_access.actions.rules import Standing, Verdict, decide
from data_access.actions.selections import select_tasks
from data_access.bulk import Row
from penstock_core.contracts.workflow import (
    ActionName,
    ActionResult,
    NewAction,
    Selection,
    TaskOutcome,
)
from penstock_core.errors import Conflict, IllegalMove, InvalidInput
from penstock_core.store import Store


async def act(store: Store, asked: NewAction, actor: str) -> ActionResult:
    """Do what is asked in ``actor``'s name, or tell what it would do; raises ``InvalidInput``."""
    _check(asked)
    if asked.dry_run:
        async with store.read() as connection:
            rows = await select_tasks(connection, asked.selection, asked.action, lock=False)
        return ActionResult(action_id=None, dry_run=True, outcomes=_outcomes(asked, rows))
    async with store.write() as connection:
        return await act_within(connection, asked, actor)


async def act_within(connection: AsyncConnection, asked: NewAction, actor: str) -> ActionResult:
    """Do what is asked as part of the caller's transaction."""
    rows = await select_tasks(connection, asked.selection, asked.action, lock=True)
    judged = [(row, _verdict(asked, row)) for row in rows]
    concerned = [(row, verdict.outcome) for row, verdict in judged if verdict.counts]
    number = None
    if concerned:
        order = Order(asked.action, actor, asked.because, asked.rank)
        selection = asked.selection.model_dump(mode="json", exclude_defaults=True)
        number = await remember(connection, order, selection, concerned)
        await apply(connection, order, [row for row, _ in concerned])
    return ActionResult(action_id=number, dry_run=False, outcomes=_outcomes(asked, rows))


async def act_on_one(
    store: Store, task_id: int, action: ActionName, actor: str, rank: int | None = None
) -> None:
    """Do one thing to one task; raises ``NotFound``, ``IllegalMove`` or ``Conflict``."""
    asked = NewAction(action=action, selection=Selection(tasks=(task_id,)), rank=rank)
    (outcome,) = (await act(store, asked, actor)).outcomes
    if outcome.outcome == "refused":
        moves = action in (ActionName.CANCEL, ActionName.RETRY)
        error = IllegalMove if moves else Conflict
        raise error(
            f"Task {task_id} {outcome.why}.",
            hint="See what it is: GET /task/{id}/detail.",
            facts={"task_id": task_id, "from": outcome.status},
        )


def _check(asked: NewAction) -> None:
    if (asked.action is ActionName.RANK) != (asked.rank is not None):
        raise InvalidInput(
            "A rank goes with the action rank, and with no other.",
            hint='Send {"action": "rank", "rank": 5, "selection": …}; a higher one runs first.',
            field="rank",
        )
    if asked.action is ActionName.ACCEPT_LOSS and not asked.because.strip() and not asked.dry_run:
        raise InvalidInput(
            "A loss is accepted for a reason, which the closing ledger keeps.",
            hint="Say why in because.",
            field="because",
        )


def _outcomes(asked: NewAction, rows: list[Row]) -> tuple[TaskOutcome, ...]:
    """Return what the action is to each task; of tasks not named by ids, those it is for."""
    told = []
    for row in rows:
        verdict = _verdict(asked, row)
        if asked.selection.tasks or verdict.counts:
            told.append(_outcome(row, verdict))
    return tuple(told)


def _verdict(asked: NewAction, row: Row) -> Verdict:
    return decide(asked.action, Standing.of(row), asked.rank)


def _outcome(row: Row, verdict: Verdict) -> TaskOutcome:
    return TaskOutcome(
        task_id=row["task_id"],
        wflow_id=row["workflow_id"],
        step=row["step"],
        input_name=row["input_name"],
        status=row["status"],
        outcome=verdict.outcome,
        why=verdict.why,
    )
