"""What all tables share: one metadata with one event log, the types of columns, counters."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from penstock_core.eventlog import EventLog
from penstock_core.store import new_metadata

NAME = String(512)
NAMESPACE = String(64)
STATE = String(16)
TIME = String(40)
Id = BigInteger().with_variant(Integer, "sqlite")

metadata = new_metadata()
log = EventLog(metadata)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
