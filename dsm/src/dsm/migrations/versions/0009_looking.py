"""When the closing of each open dataset is to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MAY_CLOSE = sa.text("state = 'OPEN' AND (kind = 'input' OR announced IS NOT NULL)")


def upgrade() -> None:
    """Add the column, at once for all, and have the index of closing in its order."""
    op.add_column(
        "dataset", sa.Column("look_at", sa.String(length=40), nullable=False, server_default="")
    )
    _index("look_at", "id")


def downgrade() -> None:
    """Drop it, and have the index as it was."""
    _index("id")
    op.drop_column("dataset", "look_at")


def _index(*columns: str) -> None:
    op.drop_index("ix_dataset_closing", "dataset")
    op.create_index(
        "ix_dataset_closing",
        "dataset",
        list(columns),
        sqlite_where=MAY_CLOSE,
        postgresql_where=MAY_CLOSE,
    )
