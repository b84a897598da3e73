"""Alarms, raised and past."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from data_access.schema.base import NAME, NAMESPACE, TIME, Id, metadata

IS_RAISED = "cleared_at IS NULL"

alarm = Table(
    "alarm",
    metadata,
    Column("alarm_id", Id, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("namespace", NAMESPACE, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("text", Text, nullable=False),
    Column("raised_at", TIME, nullable=False),
    Column("seen_at", TIME, nullable=False),
    Column("count", Integer, nullable=False),
    Column("acknowledged_by", String(320), nullable=False, server_default=text("''")),
    Column("acknowledged_at", TIME),
    Column("cleared_at", TIME),
    Index(
        "uq_alarm_raised",
        "kind",
        "namespace",
        "subject",
        unique=True,
        sqlite_where=text(IS_RAISED),
        postgresql_where=text(IS_RAISED),
    ),
)
