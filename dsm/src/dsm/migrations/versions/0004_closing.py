"""Rules for datasets, parts, successors and deltas, accepted loss."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0005"
branch_labels = None
depends_on = None

_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MAY_CLOSE = sa.text("state = 'OPEN' AND (kind = 'input' OR announced IS NOT NULL)")
_ANNOUNCED = sa.text("state = 'OPEN' AND announced IS NOT NULL")
_TEXTS = {"closed_rule": 64, "accepted_by": 512, "series": 1, "logical": 250}
_OTHERS = ("accepted_because", "number", "first_id", "newest_id", "processing", "of_run")


def upgrade() -> None:
    """Make the tables and columns; a dataset that is there is of its own logical name."""
    _make_tables()
    op.drop_index("ix_dataset_closing", "dataset")
    with op.batch_alter_table("dataset") as table:
        for name, length in _TEXTS.items():
            table.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
        table.add_column(
            sa.Column("accepted_because", sa.Text(), nullable=False, server_default="")
        )
        table.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("first_id", sa.BigInteger()))
        table.add_column(sa.Column("newest_id", sa.BigInteger()))
        table.add_column(
            sa.Column("processing", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        table.add_column(
            sa.Column("of_run", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute("UPDATE dataset SET logical = name")
    op.execute("UPDATE dataset SET of_run = TRUE WHERE id IN (SELECT dataset_id FROM run)")
    op.create_index("ix_dataset_logical", "dataset", ["logical"])
    _index_closing(_MAY_CLOSE)
    _add_to_run()


def _add_to_run() -> None:
    """Add when runs were heard of; of those that are there it is known by their datasets."""
    with op.batch_alter_table("run") as table:
        table.add_column(sa.Column("heard_at", sa.String(40), nullable=False, server_default=""))
        table.add_column(sa.Column("start_heard_at", sa.String(40)))
    op.execute(
        "UPDATE run SET heard_at = (SELECT COALESCE(last_file_at, opened_at) FROM dataset"
        " WHERE dataset.id = run.dataset_id)"
    )
    op.execute("UPDATE run SET start_heard_at = heard_at WHERE started_at IS NOT NULL")
    op.create_index("ix_run_started", "run", ["namespace", "started_at"])


def _make_tables() -> None:
    op.create_table(
        "rule",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("masks", _json, nullable=False),
        sa.Column("exclude", _json, nullable=False),
        sa.Column("policy", _json, nullable=False),
        sa.Column("changed_at", sa.String(length=40), nullable=False),
        sa.Column("changed_by", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rule")),
    )
    op.create_table(
        "part",
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_part_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("dataset_id", "number", name=op.f("pk_part")),
    )


def _index_closing(where: sa.TextClause) -> None:
    op.create_index(
        "ix_dataset_closing", "dataset", ["id"], sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    """Drop them all; successors and deltas stay as datasets of their own."""
    op.drop_index("ix_run_started", "run")
    with op.batch_alter_table("run") as table:
        table.drop_column("heard_at")
        table.drop_column("start_heard_at")
    op.drop_index("ix_dataset_closing", "dataset")
    op.drop_index("ix_dataset_logical", "dataset")
    with op.batch_alter_table("dataset") as table:
        for name in (*_TEXTS, *_OTHERS):
            table.drop_column(name)
    _index_closing(_ANNOUNCED)
    op.drop_table("part")
    op.drop_table("rule")
