"""The events about tasks."""

from collections.abc import Mapping
from typing import Any

from penstock_core.eventlog import NewEvent

_TOLD = (
    "task_id",
    "workflow_id",
    "step",
    "status",
    "external_id",
    "jobs",
    "running",
    "finished",
    "failed",
    "reason",
)


def status_event(row: Mapping[str, Any]) -> NewEvent:
    """Return the event that tells a task's new status; ``row`` is the task's, with namespace."""
    body = {name: row[name] for name in _TOLD}
    return NewEvent("task.status", str(row["task_id"]), row["namespace"], body)


def request_event(row: Mapping[str, Any], action: str, **more: Any) -> NewEvent:
    """Return the event that asks the workload system for something, as its ``Command``."""
    body = {"name": external_name(row), "action": action, **more}
    return NewEvent("task.requested", str(row["task_id"]), row["namespace"], body)


def late_requests(row: Mapping[str, Any], submitted_rank: int | None = None) -> list[NewEvent]:
    """Return what was asked of a task while it was on its way to the workload system.

    ``submitted_rank`` is the rank that it was submitted with; None if nobody knows.
    """
    late = [request_event(row, "rank", rank=row["rank"])] * (row["rank"] != submitted_rank)
    return [*late, *([request_event(row, "pause")] * row["paused"])]


def external_name(row: Mapping[str, Any]) -> str:
    """Return a task's name in the workload system: its natural key there."""
    return row["external_id"] or f"task.{row['task_id']}"
