"""Alarms."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RAISED = sa.text("cleared_at IS NULL")

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "alarm",
        sa.Column("alarm_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column(
            "acknowledged_by", sa.String(length=320), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("acknowledged_at", sa.String(length=40), nullable=True),
        sa.Column("cleared_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarm"),
    )
    op.create_index(
        "uq_alarm_raised",
        "alarm",
        ["kind", "namespace", "subject"],
        unique=True,
        sqlite_where=RAISED,
        postgresql_where=RAISED,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("alarm")
