"""Backfills: old datasets that a version is to take, each as it was confirmed."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, text

from data_access.schema.base import STATE, TIME, Id, metadata
from penstock_core.eventlog import JsonColumn

PENDING = "outcome = 'PENDING'"

backfill = Table(
    "backfill",
    metadata,
    Column("backfill_id", Id, primary_key=True),
    Column("template_id", ForeignKey("template.template_id"), nullable=False),
    Column("filter", JsonColumn, nullable=False),
    Column("counts", JsonColumn, nullable=False),
    Column("digest", String(80), nullable=False),
    Column("because", Text, nullable=False),
    Column("created_by", String(320), nullable=False),
    Column("created_at", TIME, nullable=False),
    Index("ix_backfill_template_id", "template_id"),
)

backfill_row = Table(
    "backfill_row",
    metadata,
    Column("backfill_id", ForeignKey("backfill.backfill_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("dataset_uid", String(64), nullable=False),
    Column("dataset", JsonColumn, nullable=False),
    Column("captures", JsonColumn, nullable=False),
    Column("outcome", STATE, nullable=False),
    Column("reason", Text, nullable=False),
    Column("workflow_id", ForeignKey("workflow.workflow_id")),
    Index(
        "ix_backfill_row_pending",
        "backfill_id",
        "number",
        sqlite_where=text(PENDING),
        postgresql_where=text(PENDING),
    ),
)
