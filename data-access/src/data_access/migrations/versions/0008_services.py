"""Services that tell of themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0008"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "service",
        sa.Column("service_id", ID, nullable=False),
        sa.Column("instance", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("waits_for", JSON, nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("last_activity_at", sa.String(length=40), nullable=True),
        sa.Column("lag_events", sa.BigInteger(), nullable=False),
        sa.Column("lag_s", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("service_id", name="pk_service"),
    )
    op.create_index("uq_service_instance", "service", ["instance"], unique=True)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("service")
