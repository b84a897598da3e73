"""Which jobs read and made each file."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, UniqueConstraint

from data_access.schema.base import NAME, NAMESPACE, Id, metadata

file_use = Table(
    "file_use",
    metadata,
    Column("use_id", Id, primary_key=True),
    Column("task_id", ForeignKey("task.task_id", ondelete="CASCADE"), nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("role", String(8), nullable=False),
    Column("namespace", NAMESPACE, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("name", NAME, nullable=False),
    UniqueConstraint("task_id", "index", "role", "name"),
    # The number comes last: one file that very many jobs read is paged without sorting.
    Index("ix_file_use_name", "name", "namespace", "scope", "role", "use_id"),
)
