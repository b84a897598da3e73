"""Workflows, their tasks with what each waits for, and the history of jobs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data_access.schema.base import NAMESPACE, STATE, TIME, Id, NullableJson, metadata
from penstock_core.eventlog import JsonColumn

# Written out, not bound: a planner takes a partial index only where it can see the condition.
DUE = "status = 'DEFINED' AND waiting = 0"
UNMET = "met = false"

workflow = Table(
    "workflow",
    metadata,
    Column("workflow_id", Id, primary_key=True, autoincrement=False),
    Column("template_id", ForeignKey("template.template_id")),
    Column("dataset_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("rerun", Integer, nullable=False),
    Column("namespace", NAMESPACE, nullable=False),
    Column("recipe_digest", ForeignKey("recipe.digest"), nullable=False),
    Column("values", JsonColumn, nullable=False),
    Column("idempotency_key", String(128), unique=True),
    Column("created_at", TIME, nullable=False),
    Column("created_by", String(320), nullable=False, server_default=text("''")),
    Column("because", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("template_id", "dataset_id", "rerun"),
    Index("ix_workflow_dataset_id", "dataset_id"),
)

task = Table(
    "task",
    metadata,
    Column("task_id", Id, primary_key=True, autoincrement=False),
    Column("workflow_id", ForeignKey("workflow.workflow_id"), nullable=False),
    Column("step", String(256), nullable=False),
    Column("mode", STATE, nullable=False),
    Column("exec", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("behind", BigInteger, nullable=False, server_default=text("0")),
    Column("device", String(16), nullable=False),
    Column("retry", Integer, nullable=False),
    Column("datas_in_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("datas_out_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("datas_log_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("status", STATE, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    # When it pauses by itself: of the jobs that ended since it was last let go on.
    Column("pause_rate", Float, nullable=False, server_default=text("0.5")),
    Column("pause_after", Integer, nullable=False, server_default=text("20")),
    Column("since_finished", Integer, nullable=False, server_default=text("0")),
    Column("since_failed", Integer, nullable=False, server_default=text("0")),
    # The fraction of jobs that may fail unasked, and who gave up what it did not make.
    Column("accept_loss", Float, nullable=False, server_default=text("0")),
    Column("loss_accepted_by", String(320), nullable=False, server_default=text("''")),
    Column("waiting", Integer, nullable=False),
    Column("claimant", String(128), nullable=False, server_default=text("''")),
    Column("token", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", Float, nullable=False, server_default=text("0")),
    Column("external_id", String(256), nullable=False, server_default=text("''")),
    Column("jobs", Integer, nullable=False, server_default=text("0")),
    Column("running", Integer, nullable=False, server_default=text("0")),
    Column("finished", Integer, nullable=False, server_default=text("0")),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    Column("output_files", BigInteger, nullable=False, server_default=text("0")),
    Column("log_files", BigInteger, nullable=False, server_default=text("0")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("created_at", TIME, nullable=False),
    Column("submitted_at", TIME),
    Column("ended_at", TIME),
    UniqueConstraint("workflow_id", "step"),
    Index("ix_task_status", "status", "task_id"),
    Index(
        "ix_task_due",
        "waiting",
        text("rank DESC"),
        "behind",
        "task_id",
        sqlite_where=text(DUE),
        postgresql_where=text(DUE),
    ),
)

task_input = Table(
    "task_input",
    metadata,
    Column("task_id", ForeignKey("task.task_id", ondelete="CASCADE"), primary_key=True),
    Column("step", String(256), primary_key=True),
    Column("dataset_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("until", String(8), nullable=False),
    Column("met", Boolean, nullable=False),
    Index(
        "ix_task_input_unmet",
        "dataset_id",
        sqlite_where=text(UNMET),
        postgresql_where=text(UNMET),
    ),
)

job = Table(
    "job",
    metadata,
    Column("task_id", ForeignKey("task.task_id", ondelete="CASCADE"), primary_key=True),
    Column("index", BigInteger, primary_key=True),
    Column("state", STATE, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("exit_code", Integer),
    Column("reason", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("started_at", TIME),
    Column("ended_at", TIME),
    Column("log_tail", Text, nullable=False),
    Column("inputs", JsonColumn, nullable=False),
    Column("outputs", JsonColumn, nullable=False),
    Column("log", Text, nullable=False, server_default=text("''")),
    Column("command", Text, nullable=False, server_default=text("''")),
    Column("environment", NullableJson),
)
