"""The tables of the workflow database: one owner, one metadata, one event log."""

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

from penstock_core.eventlog import EventLog, JsonColumn
from penstock_core.store import new_metadata

NAME = String(512)
NAMESPACE = String(64)
STATE = String(16)
TIME = String(40)
Id = BigInteger().with_variant(Integer, "sqlite")

metadata = new_metadata()
log = EventLog(metadata)

# Written out, not bound: a planner takes a partial index only where it can see the condition.
DUE = "status = 'DEFINED' AND waiting = 0"
UNMET = "met = false"
IS_ACTUAL = "status = 'ACTUAL'"
HAS_UID = "uid IS NOT NULL"

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

recipe = Table(
    "recipe",
    metadata,
    Column("digest", String(80), primary_key=True),
    Column("body", JsonColumn, nullable=False),
)

template = Table(
    "template",
    metadata,
    Column("template_id", Id, primary_key=True, autoincrement=False),
    Column("name", String(128), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", STATE, nullable=False),
    Column("content", JsonColumn, nullable=False),
    Column("description", JsonColumn, nullable=False),
    Column("recipe_digest", ForeignKey("recipe.digest"), nullable=False),
    Column("warnings", JsonColumn, nullable=False),
    Column("effective_from", TIME),
    Column("created_at", TIME, nullable=False),
    Column("created_by", String(320), nullable=False),
    UniqueConstraint("name", "version"),
    Index(
        "uq_template_actual_name",
        "name",
        unique=True,
        sqlite_where=text(IS_ACTUAL),
        postgresql_where=text(IS_ACTUAL),
    ),
)

examined = Table(
    "examined",
    metadata,
    Column("dataset_uid", String(64), primary_key=True),
    Column("dataset", JsonColumn, nullable=False),
    Column("catalogue_revision", BigInteger, nullable=False),
    Column("decided_at", TIME, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("dataset_uid", ForeignKey("examined.dataset_uid"), primary_key=True),
    Column("template_id", ForeignKey("template.template_id"), primary_key=True),
    Column("outcome", STATE, nullable=False),
    Column("captures", JsonColumn, nullable=False),
    Column("reason", Text, nullable=False),
)

dataset = Table(
    "dataset",
    metadata,
    Column("dataset_id", Id, primary_key=True, autoincrement=False),
    Column("uid", String(64)),
    Column("namespace", NAMESPACE, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("name", NAME, nullable=False),
    Column("kind", STATE, nullable=False),
    Column("state", STATE, nullable=False),
    Column("workflow_id", Id),
    UniqueConstraint("name", "namespace", "scope"),
    Index(
        "uq_dataset_uid",
        "uid",
        unique=True,
        sqlite_where=text(HAS_UID),
        postgresql_where=text(HAS_UID),
    ),
)

early_state = Table(
    "early_state",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("state", STATE, nullable=False),
    comment="States that were copied before the dataset itself was heard of.",
)

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
    Column("device", String(16), nullable=False),
    Column("retry", Integer, nullable=False),
    Column("datas_in_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("datas_out_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("datas_log_id", ForeignKey("dataset.dataset_id"), nullable=False),
    Column("status", STATE, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("waiting", Integer, nullable=False),
    Column("claimant", String(128), nullable=False, server_default=text("''")),
    Column("token", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", Float, nullable=False, server_default=text("0")),
    Column("external_id", String(256), nullable=False, server_default=text("''")),
    Column("jobs", Integer, nullable=False, server_default=text("0")),
    Column("running", Integer, nullable=False, server_default=text("0")),
    Column("finished", Integer, nullable=False, server_default=text("0")),
    Column("failed", Integer, nullable=False, server_default=text("0")),
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
    Column("index", Integer, primary_key=True),
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
)

user = Table(
    "user",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("hashed_password", String(1024), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_verified", Boolean, nullable=False),
    Column("roles", JsonColumn, nullable=False),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("family", String(36), nullable=False),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("used", Boolean, nullable=False),
    Index("ix_refresh_token_user_id", "user_id"),
    Index("ix_refresh_token_family", "family"),
)
