"""Whether a job was skipped, for the condition of its step was false."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    skipped = sa.Column("skipped", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column("job", skipped)


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("skipped")
