"""The tables of inspection: checks, dark files, samples of storages, what STF headers say.

The columns that inspection needs on files, datasets and storages stand with these; their partial
indexes are here, for each is one question of the inspector: what is due, however long the history.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from dsm.manager.tables import attachment, dataset, file, metadata
from penstock_core.eventlog import BigId

_NAME = String(250)
_TIME = String(40)
TROUBLED = ("QUARANTINED", "LOST")

_due = file.c.due.is_not(None)
Index("ix_file_due", file.c.storage_id, file.c.id, sqlite_where=_due, postgresql_where=_due)
_troubled = file.c.state.in_(TROUBLED)
Index("ix_file_troubled", file.c.id, sqlite_where=_troubled, postgresql_where=_troubled)
_to_remove = (file.c.state == "DELETED") & file.c.removed_at.is_(None)
Index("ix_file_to_remove", file.c.id, sqlite_where=_to_remove, postgresql_where=_to_remove)
# A path may be longer than what a b-tree of PostgreSQL takes.
Index("ix_file_path", file.c.path, postgresql_using="hash")
Index("ix_attachment_file_id", attachment.c.file_id)
_to_purge = (dataset.c.state == "DELETED") & dataset.c.purged_at.is_(None)
Index("ix_dataset_to_purge", dataset.c.id, sqlite_where=_to_purge, postgresql_where=_to_purge)
_to_review = dataset.c.review_at.is_not(None)
Index(
    "ix_dataset_review_at",
    dataset.c.review_at,
    sqlite_where=_to_review,
    postgresql_where=_to_review,
)

file_check = Table(
    "file_check",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("file_id", BigInteger, ForeignKey("file.id"), nullable=False, index=True),
    Column("at", _TIME, nullable=False),
    Column("by", String(512), nullable=False),
    Column("what", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("size_bytes", BigInteger),
    Column("checksum", String(160), nullable=False),
)

dark_file = Table(
    "dark_file",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("storage_id", BigInteger, ForeignKey("storage.id"), nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_at", _TIME, nullable=False),
    Column("found_at", _TIME, nullable=False),
    Column("seen_at", _TIME, nullable=False),
    Column("wanted_by", String(512), nullable=False),
    Column("because", Text, nullable=False),
    Column("problem", Text, nullable=False),
)
Index("ix_dark_file_path", dark_file.c.path, postgresql_using="hash")
_wanted = dark_file.c.wanted_by != ""
Index("ix_dark_file_wanted", dark_file.c.id, sqlite_where=_wanted, postgresql_where=_wanted)

storage_sample = Table(
    "storage_sample",
    metadata,
    Column("storage_id", BigInteger, ForeignKey("storage.id"), primary_key=True),
    Column("at", _TIME, primary_key=True),
    Column("problem", Text, nullable=False),
    Column("total_bytes", BigInteger),
    Column("free_bytes", BigInteger),
)

stf_header = Table(
    "stf_header",
    metadata,
    Column("run_id", BigInteger, ForeignKey("run.id"), primary_key=True),
    Column("filename", _NAME, primary_key=True),
    Column("first_tf", BigInteger, nullable=False),
    Column("tfs", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
)

run_header = Table(
    "run_header",
    metadata,
    Column("run_id", BigInteger, ForeignKey("run.id"), primary_key=True),
    Column("stfs", BigInteger, nullable=False),
    Column("first_tf", BigInteger, nullable=False),
    Column("last_tf", BigInteger, nullable=False),
    Column("tfs", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
)
