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


def external_name(row: Mapping[str, Any]) -> str:
    """Return a task's name in the workload system: its natural key there."""
    return row["external_id"] or f"task.{row['task_id']}"
