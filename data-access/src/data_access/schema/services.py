"""The services that told of themselves: a row for each start of each one."""

from sqlalchemy import BigInteger, Column, Float, Index, String, Table

from data_access.schema.base import STATE, TIME, Id, metadata
from penstock_core.eventlog import JsonColumn

service = Table(
    "service",
    metadata,
    Column("service_id", Id, primary_key=True),
    Column("instance", String(128), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("state", STATE, nullable=False),
    Column("waits_for", JsonColumn, nullable=False),
    Column("started_at", TIME, nullable=False),
    Column("last_activity_at", TIME),
    Column("lag_events", BigInteger, nullable=False),
    Column("lag_s", Float, nullable=False),
    Column("seen_at", TIME, nullable=False),
    Index("uq_service_instance", "instance", unique=True),
)
