"""Tasks: SPD's columns with progress, and one task with its jobs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from penstock_core.states import TaskStatus
from template_manager.listing import LIMIT, Listing, TaskListing
from template_manager.pages.acting import offered
from template_manager.rendering import render
from template_manager.session import CurrentVisitor

router = APIRouter()
HISTORY = 1000


class JobListing(Listing):
    """Pages of jobs are by index, which counts from 0."""

    after: int = -1


@router.get("/tasks")
async def show_tasks(
    request: Request, visitor: CurrentVisitor, listing: Annotated[TaskListing, Query()]
) -> Response:
    """Return the list."""
    page = await visitor.workflows.tasks(**listing.filters, after=listing.after, limit=LIMIT)
    values: dict[str, Any] = {"listing": listing, "page": page, "statuses": list(TaskStatus)}
    return render(request, "tasks.html", refresh=listing.refresh, **values)


@router.get("/tasks/{task_id}")
async def show_task(
    request: Request, visitor: CurrentVisitor, task_id: int, listing: Annotated[JobListing, Query()]
) -> Response:
    """Return one task with what was done about it; the query pages its jobs."""
    task = await visitor.workflows.task(task_id)
    done = await visitor.workflows.task_actions(task_id, limit=HISTORY)
    values: dict[str, Any] = {
        "listing": listing,
        "task": task,
        "jobs": await visitor.workflows.jobs(task_id, after=listing.after, limit=LIMIT),
        "offered": offered(task, visitor),
        "done": done.items,
    }
    return render(request, "task.html", refresh=listing.refresh, **values)
