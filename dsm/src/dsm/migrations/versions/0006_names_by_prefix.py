"""On PostgreSQL the index of names finds names by their beginning too, in any collation."""

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_dataset_name", "dataset")
        ops = {"name": "varchar_pattern_ops"}
        op.create_index("ix_dataset_name", "dataset", ["name"], postgresql_ops=ops)


def downgrade() -> None:
    """Make the index as it was."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_dataset_name", "dataset")
        op.create_index("ix_dataset_name", "dataset", ["name"])
