"""What inspection needs: files that are due, quarantine, deletion, dark files, storage use."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "storage": (
            sa.Column("files", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("size_bytes", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("swept_at", sa.String(length=40), nullable=True),
        ),
        "dataset": (
            sa.Column("quarantined", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("lost", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("purged_to", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("purged_at", sa.String(length=40), nullable=True),
        ),
        "file": (
            sa.Column("due", sa.String(length=40), nullable=True),
            sa.Column("checked_at", sa.String(length=40), nullable=True),
            sa.Column("reason", sa.Text(), nullable=False, server_default=""),
            sa.Column("released_by", sa.String(length=512), nullable=False, server_default=""),
            sa.Column("removed_at", sa.String(length=40), nullable=True),
        ),
    }


_PARTIAL = (
    ("ix_file_due", "file", ["storage_id", "id"], "due IS NOT NULL"),
    ("ix_file_troubled", "file", ["id"], "state IN ('QUARANTINED', 'LOST')"),
    ("ix_file_to_remove", "file", ["id"], "state = 'DELETED' AND removed_at IS NULL"),
    ("ix_dataset_to_purge", "dataset", ["id"], "state = 'DELETED' AND purged_at IS NULL"),
    ("ix_dark_file_wanted", "dark_file", ["id"], "wanted_by != ''"),
)
_PLAIN = (
    ("ix_attachment_file_id", "attachment", ["file_id"], None),
    ("ix_file_check_file_id", "file_check", ["file_id"], None),
    ("ix_dark_file_storage_id", "dark_file", ["storage_id"], None),
    ("ix_file_path", "file", ["path"], "hash"),
    ("ix_dark_file_path", "dark_file", ["path"], "hash"),
)


def upgrade() -> None:
    """Make columns, tables and indexes; all that is registered is due, and counted."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    _make_tables()
    for name, table, on, where in _PARTIAL:
        condition = sa.text(where)
        op.create_index(name, table, on, sqlite_where=condition, postgresql_where=condition)
    for name, table, on, using in _PLAIN:
        op.create_index(name, table, on, postgresql_using=using)
    op.execute("UPDATE file SET due = registered_at WHERE state = 'REGISTERED'")
    op.execute(
        "UPDATE storage SET "
        "files = (SELECT count(*) FROM file WHERE storage_id = storage.id), "
        "size_bytes = (SELECT coalesce(sum(size_bytes), 0) FROM file "
        "WHERE storage_id = storage.id)"
    )


def _make_tables() -> None:
    op.create_table(
        "file_check",
        sa.Column("id", _id, nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=512), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_file_check_file_id_file"),
        sa.PrimaryKeyConstraint("id", name="pk_file_check"),
    )
    op.create_table(
        "dark_file",
        sa.Column("id", _id, nullable=False),
        sa.Column("storage_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.String(length=40), nullable=False),
        sa.Column("found_at", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.String(length=40), nullable=False),
        sa.Column("wanted_by", sa.String(length=512), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["storage_id"], ["storage.id"], name="fk_dark_file_storage_id_storage"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dark_file"),
    )
    op.create_table(
        "storage_sample",
        sa.Column("storage_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("total_bytes", sa.BigInteger(), nullable=True),
        sa.Column("free_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["storage_id"], ["storage.id"], name="fk_storage_sample_storage_id_storage"
        ),
        sa.PrimaryKeyConstraint("storage_id", "at", name="pk_storage_sample"),
    )
    op.create_table(
        "stf_header",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(length=250), nullable=False),
        sa.Column("first_tf", sa.BigInteger(), nullable=False),
        sa.Column("tfs", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_stf_header_run_id_run"),
        sa.PrimaryKeyConstraint("run_id", "filename", name="pk_stf_header"),
    )
    counts = ("stfs", "first_tf", "last_tf", "tfs", "events")
    op.create_table(
        "run_header",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_run_header_run_id_run"),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_header"),
    )


def downgrade() -> None:
    """Drop them all."""
    for name, table, *_ in (*_PARTIAL, *_PLAIN):
        op.drop_index(name, table)
    for table in ("run_header", "stf_header", "storage_sample", "dark_file", "file_check"):
        op.drop_table(table)
    for table, columns in _columns().items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
