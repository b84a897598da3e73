"""Whether a job was skipped, for the condition of its step was false."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    no = sa.text("false")
    op.add_column("job", sa.Column("skipped", sa.Boolean(), server_default=no, nullable=False))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("skipped")
