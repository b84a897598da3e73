"""The journal is found by message too: whoever posted one asks what became of it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_journal_message_id"), "journal", ["message_id"], unique=False)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index(op.f("ix_journal_message_id"), "journal")
