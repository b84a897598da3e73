"""Streams and STFs as either message tells them, and counts that nobody told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, true of what there is, and the index over sequences."""
    with op.batch_alter_table("dataset") as table:
        table.add_column(_flag("counted", sa.false()))
    with op.batch_alter_table("stream") as table:
        table.add_column(
            sa.Column("unannounced", sa.BigInteger(), nullable=False, server_default="0")
        )
        table.add_column(_flag("named", sa.false()))
    with op.batch_alter_table("stf") as table:
        table.add_column(_flag("announced", sa.true()))
        table.alter_column("sequence", existing_type=sa.BigInteger(), nullable=True)
    op.create_index("ix_stf_numbering", "stf", ["run_id", "stream", "sequence"], unique=False)


_NEW = {"dataset": ["counted"], "stream": ["unannounced", "named"], "stf": ["announced"]}


def _flag(name: str, value: sa.ColumnElement[bool]) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=value)


def downgrade() -> None:
    """Drop them; STFs that were not announced go with them."""
    op.execute("DELETE FROM stf WHERE NOT announced OR sequence IS NULL")
    op.drop_index("ix_stf_numbering", "stf")
    for name, columns in _NEW.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
    with op.batch_alter_table("stf") as table:
        table.alter_column("sequence", existing_type=sa.BigInteger(), nullable=False)
