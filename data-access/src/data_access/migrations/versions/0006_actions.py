"""The history of actions; when a task pauses by itself, what loss is accepted; runs."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RUN = sa.text("run <> ''")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and add the columns."""
    op.create_table(
        "action",
        sa.Column("action_id", ID, nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("selection", JSON, nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("action_id", name="pk_action"),
    )
    op.create_table(
        "action_task",
        sa.Column("action_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.action_id"], name="fk_action_task_action_id_action"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.task_id"], name="fk_action_task_task_id_task", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("action_id", "task_id", name="pk_action_task"),
    )
    op.create_index("ix_action_task_task_id", "action_task", ["task_id", "action_id"])
    _add_to_tasks()
    _add_runs()


def _add_to_tasks() -> None:
    columns: dict[str, tuple[Any, str]] = {
        "pause_rate": (sa.Float(), "0.5"),
        "pause_after": (sa.Integer(), "20"),
        "accept_loss": (sa.Float(), "0"),
        "since_finished": (sa.Integer(), "0"),
        "since_failed": (sa.Integer(), "0"),
        "output_files": (sa.BigInteger(), "0"),
        "log_files": (sa.BigInteger(), "0"),
        "loss_accepted_by": (sa.String(length=320), "('')"),
    }
    for name, (kind, default) in columns.items():
        column = sa.Column(name, kind, server_default=sa.text(default), nullable=False)
        op.add_column("task", column)


def _add_runs() -> None:
    """Keep the run with each dataset; those that are there take it from what was decided on."""
    column = sa.Column("run", sa.String(length=64), server_default=sa.text("('')"), nullable=False)
    op.add_column("dataset", column)
    op.execute(
        "UPDATE dataset SET run = COALESCE((SELECT e.dataset -> 'metadata' ->> 'run' "
        "FROM examined AS e WHERE e.dataset_uid = dataset.uid), '') WHERE kind = 'input'"
    )
    op.create_index(
        "ix_dataset_run", "dataset", ["run", "namespace"], sqlite_where=RUN, postgresql_where=RUN
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_dataset_run", "dataset")
    op.drop_column("dataset", "run")
    for name in ("loss_accepted_by", "log_files", "output_files", "since_failed"):
        op.drop_column("task", name)
    for name in ("since_finished", "accept_loss", "pause_after", "pause_rate"):
        op.drop_column("task", name)
    op.drop_table("action_task")
    op.drop_table("action")
