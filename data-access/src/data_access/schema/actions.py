"""What was done about tasks, by whom and why."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from data_access.schema.base import STATE, TIME, Id, metadata
from penstock_core.eventlog import JsonColumn

action = Table(
    "action",
    metadata,
    Column("action_id", Id, primary_key=True),
    Column("at", TIME, nullable=False),
    Column("actor", String(320), nullable=False),
    Column("action", STATE, nullable=False),
    Column("because", Text, nullable=False),
    Column("rank", Integer),
    Column("selection", JsonColumn, nullable=False),
    Column("tasks", Integer, nullable=False),
)

action_task = Table(
    "action_task",
    metadata,
    Column("action_id", ForeignKey("action.action_id"), primary_key=True),
    Column("task_id", ForeignKey("task.task_id", ondelete="CASCADE"), primary_key=True),
    Column("before", STATE, nullable=False),
    Column("outcome", STATE, nullable=False),
    Index("ix_action_task_task_id", "task_id", "action_id"),
)
