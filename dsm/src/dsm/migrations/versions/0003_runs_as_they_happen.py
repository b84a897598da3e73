"""Facts of runs, samples, STFs as either message tells them, counts that nobody told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_OF_DETECTOR = sa.text("state != ''")


def upgrade() -> None:
    """Add tables and columns, true of what there is; what is known of old runs becomes facts."""
    op.add_column("dataset", _flag("counted", sa.false()))
    op.add_column("stream", _number("unannounced"))
    op.add_column("stream", _flag("named", sa.false()))
    op.add_column("stf", _flag("announced", sa.true()))
    with op.batch_alter_table("stf") as table:
        table.alter_column("sequence", existing_type=sa.BigInteger(), nullable=True)
    op.create_index("ix_stf_numbering", "stf", ["run_id", "stream", "sequence"], unique=False)
    op.add_column("journal", _text("agent", 512))
    op.add_column("journal", _text("workflow", 250))
    op.execute("UPDATE journal SET agent = sender")
    op.create_index("ix_journal_run", "journal", ["run", "id"], unique=False)
    _make_facts()
    _make_samples()
    _take_over_runs()
    with op.batch_alter_table("run") as table:
        table.drop_column("state_tick")
        table.alter_column("state_at", existing_type=sa.String(40), nullable=True)
        table.add_column(sa.Column("flags", _json))
        table.add_column(sa.Column("elsewhere", _json))
    op.execute("UPDATE run SET state_at = NULL WHERE state_at = ''")
    # Runs that closed before this revision are not told of again.
    op.execute(
        "INSERT INTO cursor (follower, cursor) "
        "SELECT 'daq:data_ready', max(seq) FROM event HAVING max(seq) IS NOT NULL"
    )


def _flag(name: str, value: sa.ColumnElement[bool]) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=value)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _make_facts() -> None:
    op.create_table(
        "run_fact",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("tick", sa.Float(), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("said", sa.String(32), nullable=False),
        sa.Column("namespace", sa.String(64), nullable=False),
        sa.Column("sender", sa.String(512), nullable=False),
        sa.Column("stream", sa.String(250), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(250), nullable=False),
        sa.Column("substate", sa.String(250), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_fact_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "at", "tick", "type", "said", name=op.f("pk_run_fact")),
    )
    op.create_index(
        "ix_run_fact_detector",
        "run_fact",
        ["namespace", "at", "tick", "type", "said"],
        unique=False,
        sqlite_where=_OF_DETECTOR,
        postgresql_where=_OF_DETECTOR,
    )


def _make_samples() -> None:
    op.create_table(
        "tf_file",
        sa.Column("id", _id, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("stf", sa.String(250), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("sender", sa.String(512), nullable=False),
        sa.Column("noted_at", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_tf_file_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tf_file")),
        sa.UniqueConstraint("run_id", "name", name=op.f("uq_tf_file_run_id_name")),
    )


_FACT = """
    INSERT INTO run_fact (run_id, at, tick, type, said, namespace, sender, stream, named,
                          state, substate, total, reason)
    SELECT run.id, {at}, -1, '{type}', {said}, run.namespace, {stream}, {stream}, {no},
           '', '', {total}, ''
    FROM run {where}
"""


def _take_over_runs() -> None:
    """Make facts of what the rows of runs and streams say, for the fold to start from."""
    no = "FALSE" if op.get_bind().dialect.name == "postgresql" else "0"
    plain = {"said": "'taken over'", "stream": "''", "total": "NULL", "no": no}
    states = (
        ("run_imminent", "run.state_at", "WHERE run.state = 'IMMINENT' AND run.state_at <> ''"),
        ("start_run", "run.started_at", "WHERE run.started_at IS NOT NULL"),
        ("pause_run", "run.state_at", "WHERE run.state = 'PAUSED'"),
    )
    for name, at, where in states:
        op.execute(_FACT.format(type=name, at=at, where=where, **plain))
    of_stream = {"said": "substr(stream.stream, 1, 32)", "stream": "stream.stream"}
    of_stream |= {"total": "stream.total", "no": no}
    ended = "JOIN stream ON stream.run_id = run.id WHERE stream.ended"
    at = "COALESCE(run.ended_at, run.state_at)"
    op.execute(_FACT.format(type="end_run", at=at, where=ended, **of_stream))


def downgrade() -> None:
    """Drop them; STFs that were not announced go with them."""
    op.execute("DELETE FROM cursor WHERE follower IN ('daq:data_ready', 'journal:pruned')")
    with op.batch_alter_table("run") as table:
        table.drop_column("elsewhere")
        table.drop_column("flags")
        table.add_column(sa.Column("state_tick", sa.Float(), nullable=False, server_default="-1"))
    op.execute("UPDATE run SET state_at = '' WHERE state_at IS NULL")
    with op.batch_alter_table("run") as table:
        table.alter_column("state_at", existing_type=sa.String(40), nullable=False)
    op.drop_table("tf_file")
    op.drop_table("run_fact")
    op.drop_index("ix_journal_run", "journal")
    op.execute("DELETE FROM stf WHERE NOT announced OR sequence IS NULL")
    op.drop_index("ix_stf_numbering", "stf")
    dropped = {
        "journal": ["agent", "workflow"],
        "dataset": ["counted"],
        "stream": ["unannounced", "named"],
        "stf": ["announced"],
    }
    for name, columns in dropped.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
    with op.batch_alter_table("stf") as table:
        table.alter_column("sequence", existing_type=sa.BigInteger(), nullable=False)
