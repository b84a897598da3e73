"""A task's place behind live data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    behind = sa.Column("behind", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("task", behind)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("task", "behind")
