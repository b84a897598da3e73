"""Acting on a task: the page shows what it would be, and it is done once the form comes back."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from penstock_core.contracts.workflow import ActionName, NewAction, Selection, Task, TaskOutcome
from penstock_core.rights import Right
from penstock_core.states import FINAL_TASKS, TaskStatus
from template_manager.rendering import render
from template_manager.session import CurrentVisitor, Visitor

router = APIRouter()

LABELS: Mapping[ActionName, str] = {
    ActionName.RETRY: "Retry",
    ActionName.PAUSE: "Pause",
    ActionName.RESUME: "Resume",
    ActionName.CANCEL: "Cancel",
    ActionName.ACCEPT_LOSS: "Accept the loss",
    ActionName.RERUN_ALL: "Make the chain again",
}
"""The actions that pages offer; a rank is the command line's."""
_LOSSY = frozenset({TaskStatus.FAILED, TaskStatus.PARTIAL})


def offered(task: Task, visitor: Visitor) -> list[tuple[ActionName, str]]:
    """Return the actions that the page of ``task`` offers to this visitor, with their labels."""
    if Right.OPERATE not in visitor.identity.rights:
        return []
    ended, lost = task.status in FINAL_TASKS, task.status in _LOSSY
    wanted = {
        ActionName.RETRY: (lost or (task.failed > 0 and not ended)) and not task.loss_accepted_by,
        ActionName.ACCEPT_LOSS: lost and not task.loss_accepted_by,
        ActionName.PAUSE: not ended and not task.paused,
        ActionName.RESUME: not ended and task.paused,
        ActionName.CANCEL: not ended,
        ActionName.RERUN_ALL: ended and task.template_id is not None,
    }
    return [(action, LABELS[action]) for action, fits in wanted.items() if fits]


@router.get("/tasks/{task_id}/act/{action}")
async def ask(
    request: Request, visitor: CurrentVisitor, task_id: int, action: ActionName
) -> Response:
    """Return the page that asks whether to do it."""
    outcome = await _act(visitor, task_id, action, dry_run=True)
    return await _page(request, visitor, action, outcome)


@router.post("/tasks/{task_id}/act/{action}")
async def do(
    request: Request,
    visitor: CurrentVisitor,
    task_id: int,
    action: ActionName,
    because: Annotated[str, Form()] = "",
) -> Response:
    """Do it, and go back to the task; what is not for it any more is said."""
    outcome = await _act(visitor, task_id, action, because.strip())
    if outcome.outcome == "refused":
        return await _page(request, visitor, action, outcome, status=409)
    return RedirectResponse(f"/ui/tasks/{task_id}", 303)


async def _act(
    visitor: Visitor, task_id: int, action: ActionName, because: str = "", *, dry_run: bool = False
) -> TaskOutcome:
    selection = Selection(tasks=(task_id,))
    asked = NewAction(action=action, selection=selection, because=because, dry_run=dry_run)
    (outcome,) = (await visitor.workflows.act(asked)).outcomes
    return outcome


async def _page(
    request: Request,
    visitor: Visitor,
    action: ActionName,
    outcome: TaskOutcome,
    status: int = 200,
) -> Response:
    task = await visitor.workflows.task(outcome.task_id)
    values: dict[str, Any] = {"task": task, "action": action, "outcome": outcome}
    label = LABELS.get(action, action)
    return render(request, "action.html", status=status, label=label, **values)
