"""Accounts and their sessions."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, String, Table

from data_access.schema.base import metadata
from penstock_core.eventlog import JsonColumn

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
