"""The tables of the storage manager's store.

Rows have numbers of their own for joins and cursors, and a ``uid`` for the world; the uid is the
uuid5 of the natural key, so that whoever names the same thing gets the same uid. Counts stand on
the dataset's row and grow with it, for counting rows would cost more with each file.
"""

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
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from penstock_core.eventlog import BigId, EventLog, JsonColumn
from penstock_core.store import new_metadata

metadata = new_metadata()
event_log = EventLog(metadata)

_UID = String(36)
_NAME = String(250)
_TIME = String(40)
_JSON_OR_NULL = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

storage = Table(
    "storage",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("uid", _UID, nullable=False, unique=True),
    Column("name", _NAME, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("base", Text, nullable=False),
    # What is registered and should lie there.
    Column("files", BigInteger, nullable=False, server_default="0"),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("swept_at", _TIME),
)

dataset = Table(
    "dataset",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("uid", _UID, nullable=False, unique=True),
    Column("namespace", String(64), nullable=False),
    Column("scope", String(64), nullable=False),
    Column("name", _NAME, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("metadata", JsonColumn, nullable=False),
    Column("producer", String(512), nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("announced", BigInteger),
    Column("announced_by", String(512), nullable=False),
    Column("announced_at", _TIME),
    Column("counted", Boolean, nullable=False),
    Column("incomplete", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("opened_at", _TIME, nullable=False),
    Column("last_file_at", _TIME),
    Column("closed_at", _TIME),
    Column("closed_because", Text, nullable=False),
    Column("closed_by", String(512), nullable=False),
    Column("quarantined", BigInteger, nullable=False, server_default="0"),
    Column("lost", BigInteger, nullable=False, server_default="0"),
    # How far the files of a deleted dataset are given up, and when all of them were.
    Column("purged_to", BigInteger, nullable=False, server_default="0"),
    Column("purged_at", _TIME),
    # When to look whether the lifetime of a closed dataset is over; null for never.
    Column("review_at", _TIME),
    Column("closed_rule", String(64), nullable=False),
    Column("accepted_by", String(512), nullable=False),
    Column("accepted_because", Text, nullable=False),
    Column("logical", _NAME, nullable=False),
    Column("series", String(1), nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_id", BigInteger),
    Column("newest_id", BigInteger),
    Column("processing", Boolean, nullable=False),
    Column("of_run", Boolean, nullable=False),
    # When its closing is to be looked at, if nothing changes before: "" for at once.
    Column("look_at", _TIME, nullable=False, server_default=""),
    UniqueConstraint("namespace", "scope", "name"),
)
"""``series`` is ``s`` for a successor, ``d`` for a delta, each with its ``number``, else "". They
know the first of their logical name by ``first_id``, and that one the newest by ``newest_id``.
``of_run``: runs of the DAQ fill it."""
Index("ix_dataset_name", dataset.c.name, postgresql_ops={"name": "varchar_pattern_ops"})
Index("ix_dataset_logical", dataset.c.logical)
MAY_CLOSE = "state = 'OPEN' AND (kind = 'input' OR announced IS NOT NULL)"
"""Which datasets the scheduler looks at; a query must say it in the words of the index."""
Index(
    "ix_dataset_closing",
    dataset.c.look_at,
    dataset.c.id,
    sqlite_where=text(MAY_CLOSE),
    postgresql_where=text(MAY_CLOSE),
)

rule = Table(
    "rule",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("priority", Integer, nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("masks", JsonColumn, nullable=False),
    Column("exclude", JsonColumn, nullable=False),
    Column("policy", JsonColumn, nullable=False),
    Column("changed_at", _TIME, nullable=False),
    Column("changed_by", String(512), nullable=False),
)

part = Table(
    "part",
    metadata,
    Column("dataset_id", BigInteger, ForeignKey("dataset.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", _NAME, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("closed_at", _TIME, nullable=False),
)
"""The full parts of a dataset; the files after them lie in the last one, which has no row."""

file = Table(
    "file",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("uid", _UID, nullable=False, unique=True),
    Column("namespace", String(64), nullable=False),
    Column("scope", String(64), nullable=False),
    Column("name", _NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("storage_id", BigInteger, ForeignKey("storage.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("checksum", String(160), nullable=False),
    Column("metadata", JsonColumn, nullable=False),
    Column("registered_at", _TIME, nullable=False),
    # When somebody wished that its bytes be looked at; null once they were.
    Column("due", _TIME),
    Column("checked_at", _TIME),
    Column("reason", Text, nullable=False, server_default=""),
    # Who wants it out of quarantine if the next look finds it right.
    Column("released_by", String(512), nullable=False, server_default=""),
    # When the bytes of a deleted file were gone.
    Column("removed_at", _TIME),
    UniqueConstraint("namespace", "scope", "name"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("dataset_id", BigInteger, ForeignKey("dataset.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("file_id", BigInteger, ForeignKey("file.id"), nullable=False),
    Column("port", String(250), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),
    Column("basename", _NAME, nullable=False),
    Column("producer", String(512), nullable=False),
    UniqueConstraint("dataset_id", "file_id"),
    UniqueConstraint("dataset_id", "port", "part", "index"),
)

run = Table(
    "run",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("namespace", String(64), nullable=False),
    Column("run", String(64), nullable=False),
    Column("dataset_id", BigInteger, ForeignKey("dataset.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("state_at", _TIME),
    Column("conditions", JsonColumn, nullable=False),
    Column("started_at", _TIME),
    Column("ended_at", _TIME),
    Column("heard_at", _TIME, nullable=False),
    Column("start_heard_at", _TIME),
    Column("flags", _JSON_OR_NULL),
    Column("elsewhere", _JSON_OR_NULL),
    UniqueConstraint("namespace", "run"),
)
"""``heard_at``: when its newest fact came, by our clock; ``start_heard_at``: when its start did.
``flags``: facts that do not fit; ``elsewhere``: by the state of the detector how many STFs were
made outside of run/physics. NULL for none."""
Index("ix_run_started", run.c.namespace, run.c.started_at)

run_fact = Table(
    "run_fact",
    metadata,
    Column("run_id", BigInteger, ForeignKey("run.id"), primary_key=True),
    Column("at", _TIME, primary_key=True),
    Column("tick", Float, primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("said", String(32), primary_key=True),
    Column("namespace", String(64), nullable=False),
    Column("sender", String(512), nullable=False),
    Column("stream", String(250), nullable=False),
    Column("named", Boolean, nullable=False),
    Column("state", String(250), nullable=False),
    Column("substate", String(250), nullable=False),
    Column("total", BigInteger),
    Column("reason", Text, nullable=False),
)
"""What the DAQ said of runs, each thing once: ``said`` is a digest of all that is not the key."""
_OF_DETECTOR = run_fact.c.state != ""
Index(
    "ix_run_fact_detector",
    run_fact.c.namespace,
    run_fact.c.at,
    run_fact.c.tick,
    run_fact.c.type,
    run_fact.c.said,
    sqlite_where=_OF_DETECTOR,
    postgresql_where=_OF_DETECTOR,
)

tf_file = Table(
    "tf_file",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("run_id", BigInteger, ForeignKey("run.id"), nullable=False),
    Column("name", _NAME, nullable=False),
    Column("stf", _NAME, nullable=False),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("count", BigInteger),
    Column("sender", String(512), nullable=False),
    Column("noted_at", _TIME, nullable=False),
    UniqueConstraint("run_id", "name"),
)

stream = Table(
    "stream",
    metadata,
    Column("run_id", BigInteger, ForeignKey("run.id"), primary_key=True),
    Column("stream", String(250), primary_key=True),
    Column("stfs", BigInteger, nullable=False),
    Column("unannounced", BigInteger, nullable=False),
    Column("named", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("total", BigInteger),
)
"""``stfs`` it announced; ``unannounced`` came as its own without that. ``named``: by its name."""

stf = Table(
    "stf",
    metadata,
    Column("run_id", BigInteger, ForeignKey("run.id"), primary_key=True),
    Column("filename", _NAME, primary_key=True),
    Column("stream", String(250), nullable=False),
    Column("sequence", BigInteger),
    Column("size_bytes", BigInteger),
    Column("checksum", String(160), nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("registered", Boolean, nullable=False),
)
Index(
    "ix_stf_missing",
    stf.c.run_id,
    stf.c.sequence,
    sqlite_where=stf.c.registered == false(),
    postgresql_where=stf.c.registered == false(),
)
Index("ix_stf_numbering", stf.c.run_id, stf.c.stream, stf.c.sequence)

manifest = Table(
    "manifest",
    metadata,
    Column("job", String(512), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("registered_at", _TIME, nullable=False),
)

listening = Table(
    "listening",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("since", _TIME, nullable=False),
    Column("heard_at", _TIME, nullable=False),
)
"""One row: since when all that is sent is heard, and when the register last said so."""

ledger = Table(
    "ledger",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("dataset_id", BigInteger, ForeignKey("dataset.id"), nullable=False, index=True),
    Column("at", _TIME, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("because", Text, nullable=False),
    Column("evidence", JsonColumn, nullable=False),
    Column("actor", String(512), nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("identity", String(64), nullable=False, unique=True),
    Column("message_id", String(512), nullable=False, index=True),
    Column("exchange", String(64), nullable=False),
    Column("routing_key", String(250), nullable=False),
    Column("correlation_id", String(512), nullable=False),
    Column("sender", String(512), nullable=False),
    Column("agent", String(512), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("workflow", String(250), nullable=False),
    Column("run", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("sent_at", _TIME, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("details", Text, nullable=False),
    Column("error", JsonColumn),
)
Index("ix_journal_run", journal.c.run, journal.c.id)
