"""Provenance: which jobs read and made each file, and what each job ran in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
EMPTY = sa.text("''")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The history that is there gets its rows too. A log is told from the other files by its name.
COPY = """
INSERT INTO file_use (task_id, "index", role, namespace, scope, name)
SELECT DISTINCT job.task_id, job."index", {role}, d.namespace, d.scope, each.value
FROM job
JOIN task ON task.task_id = job.task_id
JOIN dataset d ON d.dataset_id = task.datas_out_id
JOIN dataset l ON l.dataset_id = task.datas_log_id
CROSS JOIN {each}
"""
LOG_OR_OUT = (
    "CASE WHEN substr(each.value, 1, length(l.name) + 1) = l.name || '.' THEN 'log' ELSE 'out' END"
)
EACH = {
    "sqlite": "json_each(job.{column}) AS each",
    "postgresql": "LATERAL jsonb_array_elements_text(job.{column}) AS each(value)",
}


def copies(dialect: str) -> list[str]:
    """Return the statements that fill the table from the history of jobs."""
    return [
        COPY.format(role=role, each=EACH[dialect].format(column=column))
        for column, role in (("inputs", "'in'"), ("outputs", LOG_OR_OUT))
    ]


def upgrade() -> None:
    """Make table and columns, and fill the table from the history of jobs."""
    op.create_table(
        "file_use",
        sa.Column("use_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.task_id"], name="fk_file_use_task_id_task", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("use_id", name="pk_file_use"),
        sa.UniqueConstraint(
            "task_id", "index", "role", "name", name="uq_file_use_task_id_index_role_name"
        ),
    )
    op.create_index(
        "ix_file_use_name", "file_use", ["name", "namespace", "scope", "role", "use_id"]
    )
    op.add_column("job", sa.Column("log", sa.Text(), server_default=EMPTY, nullable=False))
    op.add_column("job", sa.Column("command", sa.Text(), server_default=EMPTY, nullable=False))
    op.add_column("job", sa.Column("environment", JSON, nullable=True))
    for copy in copies(op.get_bind().dialect.name):
        op.execute(copy)


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("job") as batch_op:
        for column in ("environment", "command", "log"):
            batch_op.drop_column(column)
    op.drop_table("file_use")
