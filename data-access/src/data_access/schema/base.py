"""What all tables share: one metadata with one event log, the types of columns, counters."""

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table
from sqlalchemy.dialects.postgresql import JSONB

from penstock_core.eventlog import EventLog
from penstock_core.store import new_metadata

NAME = String(512)
NAMESPACE = String(64)
STATE = String(16)
TIME = String(40)
Id = BigInteger().with_variant(Integer, "sqlite")
# Absent is SQL's NULL, not JSON's.
NullableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

metadata = new_metadata()
log = EventLog(metadata)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
