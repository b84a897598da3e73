"""What people, and the policies in their place, do about tasks; and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from penstock_core.contracts.base import Frozen, Json
from penstock_core.states import TaskStatus

POLICY = "policy"
"""The actor of what a template's policy did."""

MAX_TASKS = 10_000
Ids = Annotated[tuple[int, ...], Field(max_length=MAX_TASKS)]


class ActionName(StrEnum):
    """What can be done about a task.

    ``retry``: its failed jobs are tried again, and a paused one goes on. ``pause``: it starts no
    further jobs, until ``resume``. ``accept_loss``: what it could not make is given up, so that
    its outputs close with what is there. ``rerun_all``: its whole chain is made again, beside
    what there is.
    """

    RETRY = "retry"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RANK = "rank"
    ACCEPT_LOSS = "accept_loss"
    RERUN_ALL = "rerun_all"


class Selection(Frozen):
    """Which tasks: those that fit all that is given.

    Tasks that are named by their ids are told when the action is not for them; of all others
    those are taken that it is for. ``template`` is a name or an id; ``dataset`` is a glob on the
    name of a task's input, or of the dataset that its whole chain is over.
    """

    tasks: Ids = ()
    workflows: Ids = ()
    run: str = Field(default="", max_length=64)
    namespace: str = Field(default="", max_length=64)
    status: TaskStatus | None = None
    template: str = Field(default="", max_length=128)
    dataset: str = Field(default="", max_length=250)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is given, which would be every task there is."""
        return not any(getattr(self, name) for name in type(self).model_fields)


class NewAction(Frozen):
    """An action on the tasks of a selection; ``dry_run`` tells what it would do, and does not.

    ``version`` is for ``rerun_all``: the version of the template that made the chain, or the one
    of its name that is ACTUAL now.
    """

    action: ActionName
    selection: Selection
    rank: int | None = Field(default=None, ge=1, le=1_000_000)
    because: str = Field(default="", max_length=1000)
    version: Literal["same", "newest"] = "same"
    dry_run: bool = False


class TaskOutcome(Frozen):
    """What an action is to one task.

    ``done`` at once; ``asked``: the workload system does it; ``already``: nothing was to be done;
    ``refused``: it is not for this task, and ``why`` says so. ``status`` is the one before.
    """

    task_id: int
    wflow_id: int
    step: str
    input_name: str
    status: TaskStatus
    outcome: Literal["done", "asked", "already", "refused"]
    why: str = ""


class ActionResult(Frozen):
    """What became of an action; ``action_id`` is null where nothing was done."""

    action_id: int | None
    dry_run: bool
    outcomes: tuple[TaskOutcome, ...]


class ActionRow(Frozen):
    """An action in the history; ``tasks`` counts those for which something was done."""

    action_id: int
    at: datetime
    actor: str
    action: ActionName
    because: str
    rank: int | None
    selection: Json
    tasks: int


class TaskAction(Frozen):
    """An action in the history of one task; ``before`` is the status that the task had."""

    action_id: int
    task_id: int
    at: datetime
    actor: str
    action: ActionName
    because: str
    rank: int | None
    before: TaskStatus
    outcome: Literal["done", "asked"]
