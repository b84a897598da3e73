"""References to the storage manager's datasets."""

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, UniqueConstraint, text

from data_access.schema.base import NAME, NAMESPACE, STATE, Id, metadata

HAS_UID = "uid IS NOT NULL"
HAS_RUN = "run <> ''"

dataset = Table(
    "dataset",
    metadata,
    Column("dataset_id", Id, primary_key=True, autoincrement=False),
    Column("uid", String(64)),
    Column("namespace", NAMESPACE, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("name", NAME, nullable=False),
    Column("kind", STATE, nullable=False),
    Column("state", STATE, nullable=False),
    Column("workflow_id", Id),
    Column("run", String(64), nullable=False, server_default=text("''")),
    # Null where nobody told.
    Column("files", BigInteger),
    Column("incomplete", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("name", "namespace", "scope"),
    Index(
        "uq_dataset_uid",
        "uid",
        unique=True,
        sqlite_where=text(HAS_UID),
        postgresql_where=text(HAS_UID),
    ),
    Index(
        "ix_dataset_run",
        "run",
        "namespace",
        sqlite_where=text(HAS_RUN),
        postgresql_where=text(HAS_RUN),
    ),
)

early_state = Table(
    "early_state",
    metadata,
    Column("uid", String(64), primary_key=True),
    Column("state", STATE, nullable=False),
    # Null where nobody told.
    Column("files", BigInteger),
    Column("incomplete", Boolean, nullable=False, server_default=text("false")),
    comment="States that were copied before the dataset itself was heard of.",
)
