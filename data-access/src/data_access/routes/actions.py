"""Actions on tasks, in bulk, and their history."""

from fastapi import APIRouter

from data_access.actions.doing import act
from data_access.actions.history import of_action, of_task, read_actions
from data_access.context import Here
from data_access.paging import After, Limit, Number, page
from data_access.task_rows import read_spd_task
from penstock_core.contracts.base import Page
from penstock_core.contracts.workflow import ActionResult, ActionRow, NewAction, TaskAction
from penstock_core.web import Operator, Reader

router = APIRouter(tags=["action"])


@router.post("/action")
async def do_action(here: Here, caller: Operator, body: NewAction) -> ActionResult:
    """Retry, pause, resume, cancel or rank tasks, or accept their loss; with a dry run first."""
    return await act(here.store, body, caller.subject)


@router.get("/action")
async def page_of_actions(
    here: Here, _: Reader, actor: str = "", after: After = 0, limit: Limit = 100
) -> Page[ActionRow]:
    """Return a page of what was done, oldest first; ``policy`` is the actor of templates."""
    async with here.store.read() as connection:
        rows = await read_actions(connection, after, limit, actor)
    return page(rows, limit, lambda row: row.action_id)


@router.get("/action/{action_id}/task")
async def tasks_of_action(
    here: Here, _: Reader, action_id: Number, after: After = 0, limit: Limit = 100
) -> Page[TaskAction]:
    """Return a page of the tasks for which an action did something."""
    async with here.store.read() as connection:
        rows = await of_action(connection, action_id, after, limit)
    return page(rows, limit, lambda row: row.task_id)


@router.get("/task/{task_id}/action")
async def actions_of_task(
    here: Here, _: Reader, task_id: Number, after: After = 0, limit: Limit = 100
) -> Page[TaskAction]:
    """Return a page of what was done about a task, oldest first."""
    async with here.store.read() as connection:
        await read_spd_task(connection, task_id)
        rows = await of_task(connection, task_id, after, limit)
    return page(rows, limit, lambda row: row.action_id)
