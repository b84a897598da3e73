"""Storages, datasets, files, runs, manifests, the ledger, the journal and the event log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the storage manager's first tables."""
    op.create_table(
        "cursor",
        sa.Column("follower", sa.String(length=128), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("follower", name=op.f("pk_cursor")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("metadata", _json, nullable=False),
        sa.Column("producer", sa.String(length=512), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("announced", sa.BigInteger(), nullable=True),
        sa.Column("announced_by", sa.String(length=512), nullable=False),
        sa.Column("announced_at", sa.String(length=40), nullable=True),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.String(length=40), nullable=False),
        sa.Column("last_file_at", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.String(length=40), nullable=True),
        sa.Column("closed_because", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint(
            "namespace", "scope", "name", name=op.f("uq_dataset_namespace_scope_name")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_dataset_uid")),
    )
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.create_index(
            "ix_dataset_closing",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'OPEN' AND announced IS NOT NULL"),
            postgresql_where=sa.text("state = 'OPEN' AND announced IS NOT NULL"),
        )
        batch_op.create_index("ix_dataset_name", ["name"], unique=False)

    op.create_table(
        "event",
        sa.Column("seq", _id, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("body", _json, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal",
        sa.Column("id", _id, nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=512), nullable=False),
        sa.Column("exchange", sa.String(length=64), nullable=False),
        sa.Column("routing_key", sa.String(length=250), nullable=False),
        sa.Column("correlation_id", sa.String(length=512), nullable=False),
        sa.Column("sender", sa.String(length=512), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("error", _json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("identity", name=op.f("uq_journal_identity")),
    )
    op.create_table(
        "manifest",
        sa.Column("job", sa.String(length=512), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("registered_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_manifest")),
    )
    op.create_table(
        "storage",
        sa.Column("id", _id, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage")),
        sa.UniqueConstraint("name", name=op.f("uq_storage_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_storage_uid")),
    )
    op.create_table(
        "file",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("storage_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.String(length=160), nullable=False),
        sa.Column("metadata", _json, nullable=False),
        sa.Column("registered_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["storage_id"], ["storage.id"], name=op.f("fk_file_storage_id_storage")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint(
            "namespace", "scope", "name", name=op.f("uq_file_namespace_scope_name")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_file_uid")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", _id, nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("evidence", _json, nullable=False),
        sa.Column("actor", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_ledger_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_dataset_id"), ["dataset_id"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", _id, autoincrement=False, nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_at", sa.String(length=40), nullable=False),
        sa.Column("state_tick", sa.Float(), nullable=False),
        sa.Column("conditions", _json, nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_run_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("namespace", "run", name=op.f("uq_run_namespace_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_dataset_id"), ["dataset_id"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("port", sa.String(length=250), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("basename", sa.String(length=250), nullable=False),
        sa.Column("producer", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_attachment_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_attachment_file_id_file")),
        sa.PrimaryKeyConstraint("dataset_id", "position", name=op.f("pk_attachment")),
        sa.UniqueConstraint("dataset_id", "file_id", name=op.f("uq_attachment_dataset_id_file_id")),
        sa.UniqueConstraint(
            "dataset_id",
            "port",
            "part",
            "index",
            name=op.f("uq_attachment_dataset_id_port_part_index"),
        ),
    )
    op.create_table(
        "stf",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(length=250), nullable=False),
        sa.Column("stream", sa.String(length=250), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.String(length=160), nullable=False),
        sa.Column("registered", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_stf_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "filename", name=op.f("pk_stf")),
    )
    with op.batch_alter_table("stf", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stf_missing",
            ["run_id", "sequence"],
            unique=False,
            sqlite_where=sa.text("registered = 0"),
            postgresql_where=sa.text("NOT registered"),
        )

    op.create_table(
        "stream",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.String(length=250), nullable=False),
        sa.Column("stfs", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_stream_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "stream", name=op.f("pk_stream")),
    )


def downgrade() -> None:
    """Drop them all."""
    tables = (
        "attachment",
        "stf",
        "stream",
        "run",
        "file",
        "ledger",
        "storage",
        "manifest",
        "journal",
        "event",
        "cursor",
        "dataset",
    )
    for table in tables:
        op.drop_table(table)
