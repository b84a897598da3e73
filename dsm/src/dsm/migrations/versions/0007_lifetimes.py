"""When closed datasets are looked at, to see whether their lifetime is over."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and its index; all that is closed is looked at once."""
    op.add_column("dataset", sa.Column("review_at", sa.String(length=40), nullable=True))
    op.execute("UPDATE dataset SET review_at = closed_at WHERE state = 'CLOSED'")
    condition = sa.text("review_at IS NOT NULL")
    op.create_index(
        "ix_dataset_review_at",
        "dataset",
        ["review_at"],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_dataset_review_at", "dataset")
    with op.batch_alter_table("dataset") as batch_op:
        batch_op.drop_column("review_at")
