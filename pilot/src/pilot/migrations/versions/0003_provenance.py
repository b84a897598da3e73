"""What provenance needs of each job: its log, its command line, what it ran in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

EMPTY = sa.text("''")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("job", sa.Column("log", sa.Text(), server_default=EMPTY, nullable=False))
    op.add_column("job", sa.Column("command", sa.Text(), server_default=EMPTY, nullable=False))
    op.add_column("job", sa.Column("environment", JSON, nullable=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("job") as batch_op:
        for column in ("environment", "command", "log"):
            batch_op.drop_column(column)
