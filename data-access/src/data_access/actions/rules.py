"""Whether an action is for a task: a function of what is known of the task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from penstock_core.contracts.workflow import ActionName
from penstock_core.states import FINAL_TASKS, DatasetState, TaskStatus

RUNNING = frozenset({TaskStatus.SUBMITTED, TaskStatus.IN_PROGRESS})
LIVE = RUNNING | {TaskStatus.DEFINED}
LOSSY = frozenset({TaskStatus.FAILED, TaskStatus.PARTIAL})

MAY_BE_FOR: Mapping[ActionName, frozenset[TaskStatus]] = {
    ActionName.RETRY: LOSSY | RUNNING,
    ActionName.PAUSE: LIVE,
    ActionName.RESUME: LIVE,
    ActionName.CANCEL: LIVE,
    ActionName.RANK: LIVE,
    ActionName.ACCEPT_LOSS: LOSSY,
    ActionName.RERUN_ALL: frozenset(TaskStatus),
}
"""The states of tasks that an action can be for; whether it is, the rules below say."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A task as far as actions look at it.

    ``output`` is the state of its output dataset, ``masked`` of the one that its chain is over;
    ``template_id`` is None for a task that was submitted by itself.
    """

    status: TaskStatus
    paused: bool
    rank: int
    failed: int
    output: DatasetState
    loss_accepted_by: str
    masked: DatasetState
    template_id: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Standing":
        """Return the standing of a row of :mod:`data_access.actions.selections`."""
        return cls(
            TaskStatus(row["status"]),
            row["paused"],
            row["rank"],
            row["failed"],
            DatasetState(row["output_state"]),
            row["loss_accepted_by"],
            DatasetState(row["masked_state"]),
            row["template_id"],
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an action is to a task; ``why`` goes on from "task 7 …" where it is refused."""

    outcome: Literal["done", "asked", "already", "refused"]
    why: str = ""

    @property
    def counts(self) -> bool:
        """Return whether something is to be done."""
        return self.outcome in ("done", "asked")


_ALREADY = Verdict("already")


def decide(action: ActionName, task: Standing, rank: int | None = None) -> Verdict:
    """Return what ``action`` is to ``task``; ``rank`` is the new one, for that action."""
    return _RULES[action](task, rank)


def _go(task: Standing) -> Verdict:
    return Verdict("asked" if task.status in RUNNING | LOSSY else "done")


def _retry(task: Standing, _: int | None) -> Verdict:
    if task.loss_accepted_by:
        return Verdict("refused", f"has its loss accepted by {task.loss_accepted_by}")
    if task.status in LOSSY and task.output is not DatasetState.OPEN:
        return Verdict("refused", f"has its output {task.output}: make its chain again")
    if task.status in LOSSY or (task.status in RUNNING and task.failed):
        return _go(task)
    return Verdict("refused", f"is {task.status}, and no job of it has failed")


def _pause(task: Standing, _: int | None) -> Verdict:
    if task.status in FINAL_TASKS:
        return Verdict("refused", f"is {task.status}: it has ended")
    return _ALREADY if task.paused else _go(task)


def _resume(task: Standing, _: int | None) -> Verdict:
    if task.status in FINAL_TASKS:
        return Verdict("refused", f"is {task.status}: it has ended")
    return _go(task) if task.paused else _ALREADY


def _cancel(task: Standing, _: int | None) -> Verdict:
    if task.status is TaskStatus.CANCELLED:
        return _ALREADY
    if task.status in FINAL_TASKS:
        return Verdict("refused", f"cannot go from {task.status} to CANCELLED: it has ended")
    return _go(task)


def _rank(task: Standing, rank: int | None) -> Verdict:
    if task.status in FINAL_TASKS:
        return Verdict("refused", f"is {task.status}: its rank decides nothing any more")
    return _ALREADY if task.rank == rank else _go(task)


def _accept_loss(task: Standing, _: int | None) -> Verdict:
    if task.loss_accepted_by:
        return _ALREADY
    if task.status not in LOSSY:
        return Verdict("refused", f"is {task.status}: only FAILED and PARTIAL lost anything")
    if task.output is not DatasetState.OPEN:
        return Verdict("refused", f"has its output {task.output} already")
    return Verdict("done")


def _rerun_all(task: Standing, _: int | None) -> Verdict:
    if task.template_id is None:
        return Verdict("refused", "was submitted by itself: submit it anew")
    if task.masked is DatasetState.DELETED:
        return Verdict("refused", "is of a chain over a dataset that was deleted")
    return Verdict("done")


_RULES: Mapping[ActionName, Callable[[Standing, int | None], Verdict]] = {
    ActionName.RETRY: _retry,
    ActionName.PAUSE: _pause,
    ActionName.RESUME: _resume,
    ActionName.CANCEL: _cancel,
    ActionName.RANK: _rank,
    ActionName.ACCEPT_LOSS: _accept_loss,
    ActionName.RERUN_ALL: _rerun_all,
}
