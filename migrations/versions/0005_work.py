"""The officers' work: what was decided, by whom, with what; users and their sessions

The definitions here are this revision's own and stay as they are when those of the application change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
ID = sa.String(36)
CODE = sa.String(32)


def upgrade() -> None:
    _violations()
    _beside_them()
    _users()


def _violations() -> None:
    # Added one by one: SQLite would have to make a table anew, which other tables refer to.
    for name, kind in (("outcome", CODE), ("assignee", ID), ("decided_by", ID), ("protocol", sa.String(64))):
        op.add_column("violations", sa.Column(name, kind))
    op.add_column("violations", sa.Column("successor", ID))
    op.add_column("violations", sa.Column("state", sa.String(8), nullable=False, server_default=""))
    op.execute("UPDATE violations SET state = (SELECT jurisdiction FROM crossings WHERE id = violations.crossing)")
    op.create_index("ix_violations_protocol", "violations", ["protocol"])
    op.create_index("ix_violations_urgent", "violations", ["status", "severity", "occurred_at", "id"])
    op.create_index("ix_violations_checkpoint_status", "violations", ["checkpoint", "status"])
    op.create_index("ix_violations_due", "violations", ["status", "severity", "created_at"])
    review = sa.column("needs_review", sa.Boolean).is_(True)
    op.create_index(
        "ix_violations_needs_review",
        "violations",
        ["occurred_at", "id"],
        sqlite_where=review,
        postgresql_where=review,
    )
    op.create_index("ix_violations_assignee_occurred_at_id", "violations", ["assignee", "occurred_at", "id"])
    op.create_index("ix_findings_verdict_id", "findings", ["verdict", "id"])
    # Until now only judging again has changed any.
    op.add_column("violation_changes", sa.Column("action", CODE, nullable=False, server_default="judge_again"))
    op.add_column("violation_changes", sa.Column("outcome", CODE))
    op.add_column("violation_changes", sa.Column("assignee", ID))
    op.add_column("violation_changes", sa.Column("decided_by", ID))
    op.add_column("violation_changes", sa.Column("detail", sa.JSON, nullable=False, server_default="{}"))


def _beside_them() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", ID, nullable=False),
        sa.Column("violation", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.ForeignKeyConstraint(["violation"], ["violations.id"], name="fk_attachments_violation"),
    )
    op.create_index("ix_attachments_violation", "attachments", ["violation"])
    op.create_table(
        "snoozes",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        sa.Column("subject_key", sa.String(200), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", ID),
        sa.PrimaryKeyConstraint("id", name="pk_snoozes"),
    )
    op.create_index("ix_snoozes_subject_key_rule", "snoozes", ["subject_key", "rule"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("jurisdictions", sa.JSON, nullable=False),
        sa.Column("checkpoints", sa.JSON, nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.ForeignKeyConstraint(["id"], ["credentials.id"], name="fk_users_id"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("counted", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("failures", sa.SmallInteger, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.PrimaryKeyConstraint("counted", "address", name="pk_failed_sign_ins"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_user"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
