"""Backfills; why and by whom workflows were made; the order of a backlog."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
DUE = sa.text("status = 'DEFINED' AND waiting = 0")
PENDING = sa.text("outcome = 'PENDING'")

revision = "0003"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and make the tables."""
    _upgrade_decisions()
    _upgrade_workflows()
    op.create_table(
        "backfill",
        sa.Column("backfill_id", ID, nullable=False),
        sa.Column("template_id", ID, nullable=False),
        sa.Column("filter", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.template_id"], name="fk_backfill_template_id_template"
        ),
        sa.PrimaryKeyConstraint("backfill_id", name="pk_backfill"),
    )
    op.create_index("ix_backfill_template_id", "backfill", ["template_id"])
    op.create_table(
        "backfill_row",
        sa.Column("backfill_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dataset_uid", sa.String(length=64), nullable=False),
        sa.Column("dataset", JSON, nullable=False),
        sa.Column("captures", JSON, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("workflow_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["backfill_id"], ["backfill.backfill_id"], name="fk_backfill_row_backfill_id_backfill"
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflow.workflow_id"], name="fk_backfill_row_workflow_id_workflow"
        ),
        sa.PrimaryKeyConstraint("backfill_id", "number", name="pk_backfill_row"),
    )
    op.create_index(
        "ix_backfill_row_pending",
        "backfill_row",
        ["backfill_id", "number"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )


def _upgrade_decisions() -> None:
    """Make what was decided searchable by name and time; what is there takes it from its JSON."""
    names = (("namespace", 64), ("name", 512), ("kind", 16), ("registered_at", 40))
    op.add_column("examined", sa.Column("run", sa.BigInteger(), nullable=True))
    for name, length in names:
        op.add_column("examined", sa.Column(name, sa.String(length=length), nullable=True))
    op.execute(
        "UPDATE examined SET namespace = dataset ->> 'namespace', name = dataset ->> 'name', "
        "kind = 'input', "
        "registered_at = replace(dataset ->> 'registered_at', 'Z', '+00:00')"
    )
    op.execute(
        "UPDATE examined SET registered_at = substr(registered_at, 1, 19) || '.000000+00:00' "
        "WHERE length(registered_at) = 25"
    )
    _take_runs(op.get_bind())
    with op.batch_alter_table("examined") as batch_op:
        for name, _ in names:
            batch_op.alter_column(name, existing_type=sa.String(), nullable=False)
    op.create_index("ix_examined_registered_at", "examined", ["registered_at", "dataset_uid"])
    op.create_index("ix_decision_template_id", "decision", ["template_id", "dataset_uid"])


def _take_runs(connection: sa.Connection) -> None:
    query = sa.text("SELECT dataset_uid, dataset -> 'metadata' ->> 'run' AS run FROM examined")
    rows = [(uid, str(run)) for uid, run in connection.execute(query) if run is not None]
    runs = [{"uid": uid, "run": int(run)} for uid, run in rows if run.isdecimal() and len(run) < 19]
    if runs:
        change = sa.text("UPDATE examined SET run = :run WHERE dataset_uid = :uid")
        connection.execute(change, runs)


def _upgrade_workflows() -> None:
    for name, kind in (("created_by", sa.String(length=320)), ("because", sa.Text())):
        column = sa.Column(name, kind, server_default=sa.text("('')"), nullable=False)
        op.add_column("workflow", column)
    behind = sa.Column("behind", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("task", behind)
    op.drop_index("ix_task_due", table_name="task")
    _index_due("behind")


def _index_due(*more: str) -> None:
    columns: list[str | sa.TextClause] = ["waiting", sa.text("rank DESC"), *more, "task_id"]
    op.create_index("ix_task_due", "task", columns, sqlite_where=DUE, postgresql_where=DUE)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("backfill_row")
    op.drop_table("backfill")
    op.drop_index("ix_task_due", table_name="task")
    op.drop_column("task", "behind")
    _index_due()
    op.drop_column("workflow", "because")
    op.drop_column("workflow", "created_by")
    op.drop_index("ix_decision_template_id", table_name="decision")
    op.drop_index("ix_examined_registered_at", table_name="examined")
    for name in ("registered_at", "run", "kind", "name", "namespace"):
        op.drop_column("examined", name)
