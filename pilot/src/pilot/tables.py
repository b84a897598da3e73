"""The pilot's tables: tasks, their jobs, the input files seen so far, and the report log."""

from sqlalchemy import (
    JSON,
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
from sqlalchemy.dialects.postgresql import JSONB

from penstock_core.eventlog import BigId, JsonColumn
from penstock_core.store import new_metadata

metadata = new_metadata()
# Absent is SQL's NULL, not JSON's: it is asked for.
NullableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

task = Table(
    "task",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("name", String(512), nullable=False, unique=True),
    Column("spec", JsonColumn, nullable=False),
    Column("rank", Integer, nullable=False),
    # Of one rank live data (0) goes first, then a backlog, the lower first.
    Column("behind", BigInteger, nullable=False, server_default=text("0")),
    Column("state", String(16), nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    # Cursor in the contents of the one scattered input: files up to here have their jobs.
    Column("formed_to", BigInteger, nullable=False),
    # Whether every job that there will be is there.
    Column("complete", Boolean, nullable=False),
    # Whether its counts changed since the last report.
    Column("changed", Boolean, nullable=False, index=True),
    Column("reason", Text, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("task_id", BigInteger, ForeignKey("task.id"), nullable=False),
    # The job's index; a row's attribute ``index`` is the method of a tuple.
    Column("number", BigInteger, nullable=False),
    # Of a merge in groups: the places of its first and its last file.
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("state", String(16), nullable=False),
    # Times it was started; times it failed; times it was lost, which cost it no retry;
    # times an operator had it tried again.
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    # Unix times.
    Column("next_try_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("last_seen_at", Float),
    Column("host", String(256), nullable=False),
    Column("exit_code", Integer),
    Column("reason", Text, nullable=False),
    Column("log_tail", Text, nullable=False),
    # Names of its input files and of all that it made, its log too.
    Column("inputs", JsonColumn, nullable=False),
    Column("outputs", JsonColumn, nullable=False),
    Column("log", Text, nullable=False, server_default=text("''")),
    Column("command", Text, nullable=False, server_default=text("''")),
    # What it runs in; null before it was started.
    Column("environment", NullableJson),
    # What is to be registered, null once it is.
    Column("manifest", NullableJson),
    # Whether it did nothing, for its step's condition was false.
    Column("skipped", Boolean, nullable=False, server_default=text("false")),
    # Files that were registered.
    Column("output_files", Integer, nullable=False),
    Column("log_files", Integer, nullable=False),
    UniqueConstraint("task_id", "number"),
    Index(None, "state", "next_try_at"),
)

dataset = Table(
    "dataset",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("cursor", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("incomplete", Boolean, nullable=False, server_default=text("false")),
)

task_input = Table(
    "task_input",
    metadata,
    Column("task_id", BigInteger, ForeignKey("task.id"), primary_key=True),
    Column("step", String(256), primary_key=True),
    Column("dataset_uid", String(64), ForeignKey("dataset.uid"), nullable=False, index=True),
)

file = Table(
    "file",
    metadata,
    Column("dataset_uid", String(64), ForeignKey("dataset.uid"), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("port", String(256), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),
    Column("usable", Boolean, nullable=False),
    Column("size_bytes", BigInteger, nullable=False, server_default=text("0")),
    # The Unix time at which it was read of.
    Column("seen_at", Float, nullable=False, server_default=text("0")),
    # What its tool called it.
    Column("own_name", Text, nullable=False, server_default=text("''")),
    Column("body", JsonColumn, nullable=False),
    Index(None, "dataset_uid", "port", "index"),
    Index(None, "dataset_uid", "own_name"),
)

report = Table(
    "report",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=True),
    Column("task", NullableJson),
    Column("job", NullableJson),
    sqlite_autoincrement=True,
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JsonColumn, nullable=False),
)
