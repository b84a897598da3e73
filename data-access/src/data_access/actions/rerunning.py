"""Retry all: the whole chains of a selection's tasks, made again beside what there is."""

from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.actions.effects import Order
from data_access.actions.history import remember
from data_access.actions.rules import Verdict
from data_access.bulk import Row
from data_access.counters import Counters
from data_access.reruns import rerun_workflows
from penstock_core.contracts.workflow import NewAction
from penstock_core.errors import PenstockError


async def make_again(
    connection: AsyncConnection,
    counters: Counters,
    asked: NewAction,
    actor: str,
    judged: list[tuple[Row, Verdict]],
) -> tuple[int | None, list[tuple[Row, Verdict]]]:
    """Make the chains of these tasks again, each once; return the action's id and the verdicts."""
    wanted = {row["workflow_id"] for row, verdict in judged if verdict.counts}
    made = await rerun_workflows(
        connection, counters, wanted, version=asked.version, actor=actor, because=asked.because
    )
    told = [(row, _told(made[row["workflow_id"]]) if v.counts else v) for row, v in judged]
    done = [(row, verdict.outcome) for row, verdict in told if verdict.counts]
    if not done:
        return None, told
    selection = asked.selection.model_dump(mode="json", exclude_defaults=True)
    order = Order(asked.action, actor, asked.because)
    return await remember(connection, order, selection, done), told


def _told(outcome: int | PenstockError) -> Verdict:
    if isinstance(outcome, PenstockError):
        return Verdict("refused", f"cannot have its chain made again: {outcome.message}")
    return Verdict("done", f"has its chain made again as workflow {outcome}")
