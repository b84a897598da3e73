"""The tables of the workflow database: one owner, one metadata, one event log."""

from data_access.schema.actions import action, action_task
from data_access.schema.alarms import IS_RAISED, alarm
from data_access.schema.backfills import PENDING, backfill, backfill_row
from data_access.schema.base import counter, log, metadata
from data_access.schema.datasets import HAS_RUN, dataset, early_state
from data_access.schema.gates import task_gate
from data_access.schema.people import refresh_token, user
from data_access.schema.provenance import file_use
from data_access.schema.services import service
from data_access.schema.templates import decision, examined, in_force, recipe, template
from data_access.schema.workflows import DUE, UNMET, job, task, task_input, workflow

__all__ = [
    "DUE",
    "HAS_RUN",
    "IS_RAISED",
    "PENDING",
    "UNMET",
    "action",
    "action_task",
    "alarm",
    "backfill",
    "backfill_row",
    "counter",
    "dataset",
    "decision",
    "early_state",
    "examined",
    "file_use",
    "in_force",
    "job",
    "log",
    "metadata",
    "recipe",
    "refresh_token",
    "service",
    "task",
    "task_gate",
    "task_input",
    "template",
    "user",
    "workflow",
]
