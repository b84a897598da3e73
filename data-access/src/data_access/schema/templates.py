"""Template versions, what they compile to, and what was decided by them."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data_access.schema.base import NAME, NAMESPACE, STATE, TIME, Id, metadata
from penstock_core.eventlog import JsonColumn

IS_ACTUAL = "status = 'ACTUAL'"

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

in_force = Table(
    "in_force",
    metadata,
    Column("template_id", ForeignKey("template.template_id"), nullable=False, index=True),
    Column("status", STATE, nullable=False),
    Column("effective_from", TIME, nullable=False),
    Column("effective_until", TIME, index=True),
    comment="When each version took datasets, by the time of their registration.",
)

examined = Table(
    "examined",
    metadata,
    Column("dataset_uid", String(64), primary_key=True),
    Column("dataset", JsonColumn, nullable=False),
    Column("namespace", NAMESPACE, nullable=False),
    Column("name", NAME, nullable=False),
    Column("kind", STATE, nullable=False),
    Column("run", BigInteger),
    Column("registered_at", TIME, nullable=False),
    Column("catalogue_revision", BigInteger, nullable=False),
    Column("decided_at", TIME, nullable=False),
    Index("ix_examined_registered_at", "registered_at", "dataset_uid"),
)

decision = Table(
    "decision",
    metadata,
    Column("dataset_uid", ForeignKey("examined.dataset_uid"), primary_key=True),
    Column("template_id", ForeignKey("template.template_id"), primary_key=True),
    Column("outcome", STATE, nullable=False),
    Column("captures", JsonColumn, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_decision_template_id", "template_id", "dataset_uid"),
)
