"""Groups of merges; sizes and times of files, to form them by; datasets in which files lack."""

import sqlalchemy as sa
from alembic import op

ZERO = sa.text("0")

revision = "0002"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was read of contents is read again, for it lacks them."""
    op.add_column("job", sa.Column("first", sa.BigInteger(), nullable=True))
    op.add_column("job", sa.Column("last", sa.BigInteger(), nullable=True))
    op.add_column(
        "file", sa.Column("size_bytes", sa.BigInteger(), server_default=ZERO, nullable=False)
    )
    op.add_column("file", sa.Column("seen_at", sa.Float(), server_default=ZERO, nullable=False))
    op.add_column(
        "dataset",
        sa.Column("incomplete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute("DELETE FROM file")
    op.execute("UPDATE dataset SET cursor = 0, closed = false")


def downgrade() -> None:
    """Drop them."""
    for table, columns in (
        ("job", ("first", "last")),
        ("file", ("size_bytes", "seen_at")),
        ("dataset", ("incomplete",)),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
