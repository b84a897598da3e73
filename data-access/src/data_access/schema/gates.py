"""What tasks wait for besides their inputs: other datasets, by mask."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, text

from data_access.schema.base import NAME, NAMESPACE, metadata
from data_access.schema.workflows import UNMET

task_gate = Table(
    "task_gate",
    metadata,
    Column("task_id", ForeignKey("task.task_id", ondelete="CASCADE"), primary_key=True),
    Column("mask", NAME, primary_key=True),
    Column("until", String(8), primary_key=True),
    Column("namespace", NAMESPACE, nullable=False),
    Column("met", Boolean, nullable=False),
    Index(
        "ix_task_gate_unmet",
        "namespace",
        "mask",
        "until",
        sqlite_where=text(UNMET),
        postgresql_where=text(UNMET),
    ),
)
