"""The names that tools gave to files, by which others go with them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was read before is read anew, with its names."""
    empty = sa.text("''")
    op.add_column("file", sa.Column("own_name", sa.Text(), server_default=empty, nullable=False))
    op.create_index(op.f("ix_file_dataset_uid_own_name"), "file", ["dataset_uid", "own_name"])
    op.execute("DELETE FROM file")
    op.execute("UPDATE dataset SET cursor = 0, closed = false")


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_file_dataset_uid_own_name"), table_name="file")
    with op.batch_alter_table("file") as batch_op:
        batch_op.drop_column("own_name")
