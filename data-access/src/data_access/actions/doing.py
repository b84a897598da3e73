"""An action, from what was asked to what became of it: one transaction, told task by task."""

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.effects import Order, apply
from data_access.actions.history import remember
from data_access.actions.rerunning import make_again
from data_access.actions.rules import Standing, Verdict, decide
from data_access.actions.selections import select_tasks
from data_access.bulk import Row
from data_access.counters import Counters
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
            return _result(asked, None, await _judged(connection, asked, lock=False))
    async with store.write() as connection:
        return await act_within(connection, asked, actor)


async def act_within(connection: AsyncConnection, asked: NewAction, actor: str) -> ActionResult:
    """Do what is asked as part of the caller's transaction."""
    if asked.action is ActionName.RERUN_ALL:
        # Whoever makes chains holds the counters before any task.
        counters = await Counters.lock(connection)
        judged = await _judged(connection, asked, lock=False)
        number, judged = await make_again(connection, counters, asked, actor, judged)
        return _result(asked, number, judged)
    judged = await _judged(connection, asked, lock=True)
    concerned = [(row, verdict.outcome) for row, verdict in judged if verdict.counts]
    if not concerned:
        return _result(asked, None, judged)
    order = Order(asked.action, actor, asked.because, asked.rank)
    selection = asked.selection.model_dump(mode="json", exclude_defaults=True)
    number = await remember(connection, order, selection, concerned)
    await apply(connection, order, [row for row, _ in concerned])
    return _result(asked, number, judged)


async def _judged(
    connection: AsyncConnection, asked: NewAction, *, lock: bool
) -> list[tuple[Row, Verdict]]:
    """Return the selected tasks with what the action is to each.

    Of tasks that are not named by their ids, only those that it is for.
    """
    rows = await select_tasks(connection, asked.selection, asked.action, lock=lock)
    judged = [(row, decide(asked.action, Standing.of(row), asked.rank)) for row in rows]
    return [(row, v) for row, v in judged if asked.selection.tasks or v.counts]


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
    if asked.version != "same" and asked.action is not ActionName.RERUN_ALL:
        raise InvalidInput(
            f"The action {asked.action} knows no version: the task has its own.",
            hint="A version goes with rerun_all.",
            field="version",
        )
    if asked.action is ActionName.ACCEPT_LOSS and not asked.because.strip() and not asked.dry_run:
        raise InvalidInput(
            "A loss is accepted for a reason, which the closing ledger keeps.",
            hint="Say why in because.",
            field="because",
        )


def _result(
    asked: NewAction, number: int | None, judged: list[tuple[Row, Verdict]]
) -> ActionResult:
    outcomes = tuple(_outcome(row, verdict) for row, verdict in judged)
    return ActionResult(action_id=number, dry_run=asked.dry_run, outcomes=outcomes)


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
