"""Rulebooks, credentials, crossings with their decisions and findings, violations, differences of backends

The definitions here are this revision's own and stay as they are when those of the application change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
CODE = sa.String(32)
ID = sa.String(36)
RULE = sa.String(100)


def upgrade() -> None:
    _rulebooks()
    _credentials()
    _crossings()
    _decisions()
    _violations()
    _differences()


def _rulebooks() -> None:
    op.create_table(
        "rulebooks",
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("sources", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_rulebooks"),
    )
    op.create_table(
        "activations",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("rulebook", sa.String(80), nullable=False),
        sa.Column("activated_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_activations"),
        sa.ForeignKeyConstraint(["rulebook"], ["rulebooks.digest"], name="fk_activations_rulebook"),
    )


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", CODE, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint("key_hash", name="uq_credentials_key_hash"),
    )


def _crossings() -> None:
    op.create_table(
        "crossings",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("received_by", sa.String(16), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("local_date", sa.Date, nullable=False),
        sa.Column("checkpoint", sa.String(64), nullable=False),
        sa.Column("jurisdiction", sa.String(8), nullable=False),
        sa.Column("direction", CODE, nullable=False),
        sa.Column("mode", CODE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crossings"),
        sa.UniqueConstraint("source", "event_id", name="uq_crossings_source_event_id"),
        sa.ForeignKeyConstraint(["received_by"], ["credentials.id"], name="fk_crossings_received_by"),
    )
    op.create_table(
        "crossing_subjects",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("position", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("role", CODE),
        sa.Column("country", sa.String(3)),
        sa.PrimaryKeyConstraint("crossing", "kind", "position", name="pk_crossing_subjects"),
        sa.ForeignKeyConstraint(["crossing"], ["crossings.id"], name="fk_crossing_subjects_crossing"),
    )
    op.create_index("ix_crossing_subjects_key", "crossing_subjects", ["key"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("crossing", ID, nullable=False),
        sa.Column("rulebook", sa.String(80), nullable=False),
        sa.Column("evaluated_at", INSTANT, nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("advice", CODE),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("compliant", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["crossing"], ["crossings.id"], name="fk_decisions_crossing"),
        sa.ForeignKeyConstraint(["rulebook"], ["rulebooks.digest"], name="fk_decisions_rulebook"),
    )
    op.create_index("ix_decisions_crossing", "decisions", ["crossing"])
    op.create_table(
        "findings",
        sa.Column("id", ID, nullable=False),
        sa.Column("decision", ID, nullable=False),
        sa.Column("rule", RULE, nullable=False),
        sa.Column("version", sa.String(10), nullable=False),
        sa.Column("verdict", CODE, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sa.Column("subject_kind", CODE, nullable=False),
        sa.Column("subject_position", sa.SmallInteger, nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("explanation", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.UniqueConstraint(
            "decision",
            "rule",
            "subject_kind",
            "subject_position",
            name="uq_findings_decision_rule_subject_kind_subject_position",
        ),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name="fk_findings_decision"),
    )


def _violations() -> None:
    op.create_table(
        "violations",
        sa.Column("id", ID, nullable=False),
        sa.Column("finding", ID, nullable=False),
        sa.Column("crossing", ID, nullable=False),
        sa.Column("rule", RULE, nullable=False),
        sa.Column("version", sa.String(10), nullable=False),
        sa.Column("regime", CODE, nullable=False),
        sa.Column("jurisdiction", sa.String(8), nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("advice", CODE, nullable=False),
        sa.Column("checkpoint", sa.String(64), nullable=False),
        sa.Column("direction", CODE, nullable=False),
        sa.Column("mode", CODE, nullable=False),
        sa.Column("subject_kind", CODE, nullable=False),
        sa.Column("subject_position", sa.SmallInteger, nullable=False),
        sa.Column("subject_key", sa.String(200)),
        sa.Column("status", CODE, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("local_date", sa.Date, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_violations"),
        sa.UniqueConstraint("finding", name="uq_violations_finding"),
        sa.ForeignKeyConstraint(["finding"], ["findings.id"], name="fk_violations_finding"),
        sa.ForeignKeyConstraint(["crossing"], ["crossings.id"], name="fk_violations_crossing"),
    )
    op.create_index("ix_violations_crossing", "violations", ["crossing"])
    op.create_index("ix_violations_occurred_at_id", "violations", ["occurred_at", "id"])
    op.create_index("ix_violations_updated_at_id", "violations", ["updated_at", "id"])
    for column in ("status", "rule", "regime", "jurisdiction", "severity", "checkpoint", "subject_kind", "subject_key"):
        op.create_index(f"ix_violations_{column}_occurred_at_id", "violations", [column, "occurred_at", "id"])


def _differences() -> None:
    op.create_table(
        "differences",
        sa.Column("id", ID, nullable=False),
        sa.Column("decision", ID, nullable=False),
        sa.Column("rule", RULE, nullable=False),
        sa.Column("subject_kind", CODE, nullable=False),
        sa.Column("subject_position", sa.SmallInteger, nullable=False),
        sa.Column("backend", CODE, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("verdict", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_differences"),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name="fk_differences_decision"),
    )
    op.create_index("ix_differences_decision", "differences", ["decision"])
