"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up to this revision."""
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "cursor",
        sa.Column("follower", sa.String(length=128), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("follower", name="pk_cursor"),
    )
    op.create_table(
        "dataset",
        sa.Column("dataset_id", ID, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=True),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("workflow_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("dataset_id", name="pk_dataset"),
        sa.UniqueConstraint("name", "namespace", "scope", name="uq_dataset_name_namespace_scope"),
    )
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.create_index(
            "uq_dataset_uid",
            ["uid"],
            unique=True,
            sqlite_where=sa.text("uid IS NOT NULL"),
            postgresql_where=sa.text("uid IS NOT NULL"),
        )

    op.create_table(
        "early_state",
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_early_state"),
        comment="States that were copied before the dataset itself was heard of.",
    )
    op.create_table(
        "event",
        sa.Column("seq", ID, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "examined",
        sa.Column("dataset_uid", sa.String(length=64), nullable=False),
        sa.Column("dataset", JSON, nullable=False),
        sa.Column("catalogue_revision", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("dataset_uid", name="pk_examined"),
    )
    op.create_table(
        "recipe",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_recipe"),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("hashed_password", sa.String(length=1024), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
    )
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_refresh_token_user_id_user", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_token"),
    )
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.create_index("ix_refresh_token_family", ["family"], unique=False)
        batch_op.create_index("ix_refresh_token_user_id", ["user_id"], unique=False)

    op.create_table(
        "template",
        sa.Column("template_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("description", JSON, nullable=False),
        sa.Column("recipe_digest", sa.String(length=80), nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("effective_from", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipe_digest"], ["recipe.digest"], name="fk_template_recipe_digest_recipe"
        ),
        sa.PrimaryKeyConstraint("template_id", name="pk_template"),
        sa.UniqueConstraint("name", "version", name="uq_template_name_version"),
    )
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.create_index(
            "uq_template_actual_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("status = 'ACTUAL'"),
            postgresql_where=sa.text("status = 'ACTUAL'"),
        )

    op.create_table(
        "in_force",
        sa.Column("template_id", ID, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("effective_from", sa.String(length=40), nullable=False),
        sa.Column("effective_until", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.template_id"], name="fk_in_force_template_id_template"
        ),
        comment="When each version took datasets, by the time of their registration.",
    )
    with op.batch_alter_table("in_force", schema=None) as batch_op:
        batch_op.create_index("ix_in_force_template_id", ["template_id"], unique=False)
        batch_op.create_index("ix_in_force_effective_until", ["effective_until"], unique=False)

    op.create_table(
        "decision",
        sa.Column("dataset_uid", sa.String(length=64), nullable=False),
        sa.Column("template_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("captures", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_uid"], ["examined.dataset_uid"], name="fk_decision_dataset_uid_examined"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.template_id"], name="fk_decision_template_id_template"
        ),
        sa.PrimaryKeyConstraint("dataset_uid", "template_id", name="pk_decision"),
    )
    op.create_table(
        "workflow",
        sa.Column("workflow_id", ID, autoincrement=False, nullable=False),
        sa.Column("template_id", ID, nullable=True),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("rerun", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("recipe_digest", sa.String(length=80), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=True),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.dataset_id"], name="fk_workflow_dataset_id_dataset"
        ),
        sa.ForeignKeyConstraint(
            ["recipe_digest"], ["recipe.digest"], name="fk_workflow_recipe_digest_recipe"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.template_id"], name="fk_workflow_template_id_template"
        ),
        sa.PrimaryKeyConstraint("workflow_id", name="pk_workflow"),
        sa.UniqueConstraint("idempotency_key", name="uq_workflow_idempotency_key"),
        sa.UniqueConstraint(
            "template_id", "dataset_id", "rerun", name="uq_workflow_template_id_dataset_id_rerun"
        ),
    )
    with op.batch_alter_table("workflow", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_dataset_id", ["dataset_id"], unique=False)

    op.create_table(
        "task",
        sa.Column("task_id", ID, autoincrement=False, nullable=False),
        sa.Column("workflow_id", ID, nullable=False),
        sa.Column("step", sa.String(length=256), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("exec", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("retry", sa.Integer(), nullable=False),
        sa.Column("datas_in_id", ID, nullable=False),
        sa.Column("datas_out_id", ID, nullable=False),
        sa.Column("datas_log_id", ID, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column(
            "claimant", sa.String(length=128), server_default=sa.text("('')"), nullable=False
        ),
        sa.Column("token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_until", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "external_id", sa.String(length=256), server_default=sa.text("('')"), nullable=False
        ),
        sa.Column("jobs", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("running", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("finished", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.Column("submitted_at", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["datas_in_id"], ["dataset.dataset_id"], name="fk_task_datas_in_id_dataset"
        ),
        sa.ForeignKeyConstraint(
            ["datas_log_id"], ["dataset.dataset_id"], name="fk_task_datas_log_id_dataset"
        ),
        sa.ForeignKeyConstraint(
            ["datas_out_id"], ["dataset.dataset_id"], name="fk_task_datas_out_id_dataset"
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflow.workflow_id"], name="fk_task_workflow_id_workflow"
        ),
        sa.PrimaryKeyConstraint("task_id", name="pk_task"),
        sa.UniqueConstraint("workflow_id", "step", name="uq_task_workflow_id_step"),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index("ix_task_status", ["status", "task_id"], unique=False)

    op.create_table(
        "job",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.Column("log_tail", sa.Text(), nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.Column("outputs", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.task_id"], name="fk_job_task_id_task", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "index", name="pk_job"),
    )
    op.create_table(
        "task_input",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("step", sa.String(length=256), nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("until", sa.String(length=8), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.dataset_id"], name="fk_task_input_dataset_id_dataset"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.task_id"], name="fk_task_input_task_id_task", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "step", name="pk_task_input"),
    )
    with op.batch_alter_table("task_input", schema=None) as batch_op:
        batch_op.create_index(
            "ix_task_input_unmet",
            ["dataset_id"],
            unique=False,
            sqlite_where=sa.text("met = false"),
            postgresql_where=sa.text("met = false"),
        )
    op.create_index(
        "ix_task_due",
        "task",
        ["waiting", sa.text("rank DESC"), "task_id"],
        sqlite_where=sa.text("status = 'DEFINED' AND waiting = 0"),
        postgresql_where=sa.text("status = 'DEFINED' AND waiting = 0"),
    )


def downgrade() -> None:
    """Take this revision back."""
    for table in (
        "task_input",
        "job",
        "task",
        "workflow",
        "decision",
        "template",
        "refresh_token",
        "user",
        "recipe",
        "examined",
        "event",
        "early_state",
        "dataset",
        "cursor",
        "counter",
    ):
        op.drop_table(table)
