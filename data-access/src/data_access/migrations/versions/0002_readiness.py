"""Gates of tasks; what is known of a dataset that closed: its files, and whether some lack."""

import sqlalchemy as sa
from alembic import op

UNMET = sa.text("met = false")
TABLES = ("dataset", "early_state")

revision = "0002"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns; how many files older datasets have stays unknown."""
    op.create_table(
        "task_gate",
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mask", sa.String(length=512), nullable=False),
        sa.Column("until", sa.String(length=8), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.task_id"], name="fk_task_gate_task_id_task", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "mask", "until", name="pk_task_gate"),
    )
    op.create_index(
        "ix_task_gate_unmet",
        "task_gate",
        ["namespace", "mask", "until"],
        sqlite_where=UNMET,
        postgresql_where=UNMET,
    )
    for table in TABLES:
        op.add_column(table, sa.Column("files", sa.BigInteger(), nullable=True))
        op.add_column(
            table,
            sa.Column("incomplete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        )


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("incomplete")
            batch.drop_column("files")
    op.drop_table("task_gate")
