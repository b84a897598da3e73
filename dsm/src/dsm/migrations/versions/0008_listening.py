"""Since when all that is sent is heard without a break."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table with its one row: nobody has listened yet."""
    listening = op.create_table(
        "listening",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("since", sa.String(length=40), nullable=False),
        sa.Column("heard_at", sa.String(length=40), nullable=False),
    )
    op.bulk_insert(listening, [{"id": 1, "since": "", "heard_at": ""}])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("listening")
