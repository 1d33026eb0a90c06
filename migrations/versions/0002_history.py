"""Revisions of crossings, subjects' histories, links between subjects, crossings due, audit log, passenger lists

The definitions here are this revision's own and stay as they are when those of the application change.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
CODE = sa.String(32)
ID = sa.String(36)
# Crossings read at once.
AT_ONCE = 500


def upgrade() -> None:
    _crossings()
    _subjects()
    _links_and_due()
    _decisions_and_violations()
    _audit()
    _manifests()


def _crossings() -> None:
    # Added one by one: SQLite would have to make a table anew, which other tables refer to.
    op.add_column("crossings", sa.Column("voyage", sa.String(64)))
    for name, kind, default in (
        ("vehicles", sa.SmallInteger, "0"),
        ("persons", sa.SmallInteger, "0"),
        ("revision", sa.SmallInteger, "1"),
        ("withdrawn", sa.Boolean, sa.false()),
    ):
        op.add_column("crossings", sa.Column(name, kind, nullable=False, server_default=default))
    _count_what_passed()
    op.create_index("ix_crossings_voyage_local_date", "crossings", ["voyage", "local_date"])
    op.create_index(
        "ix_crossings_checkpoint_local_date_occurred_at", "crossings", ["checkpoint", "local_date", "occurred_at"]
    )
    op.create_table(
        "crossing_revisions",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("number", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("known_from", INSTANT, nullable=False),
        sa.Column("known_by", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("subjects", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("crossing", "number", name="pk_crossing_revisions"),
        sa.ForeignKeyConstraint(["crossing"], ["crossings.id"], name="fk_crossing_revisions_crossing"),
        sa.ForeignKeyConstraint(["known_by"], ["credentials.id"], name="fk_crossing_revisions_known_by"),
    )


def _count_what_passed() -> None:
    """The new counts of crossings stored before: a page at a time, for all bodies at once may be more than fits."""
    connection, last = op.get_bind(), ""
    table = sa.table("crossings", sa.column("id"), sa.column("body"), sa.column("vehicles"), sa.column("persons"))
    counted = sa.update(table).where(table.c.id == sa.bindparam("of"))
    page = sa.select(table.c.id, table.c.body).order_by(table.c.id).limit(AT_ONCE)
    while rows := connection.execute(page.where(table.c.id > last)).all():
        connection.execute(counted, [_counts(row.id, json.loads(bytes(row.body))) for row in rows])
        last = rows[-1].id


def _counts(crossing: str, event: dict[str, Any]) -> dict[str, str | int]:
    counts = {"vehicles": int(bool(event.get("vehicle"))), "persons": len(event.get("persons") or ())}
    return {"of": crossing, **counts}


def _subjects() -> None:
    op.drop_index("ix_crossing_subjects_key", "crossing_subjects")
    with op.batch_alter_table("crossing_subjects") as table:
        table.add_column(sa.Column("occurred_at", INSTANT))
        table.add_column(sa.Column("direction", CODE))
        table.add_column(sa.Column("checkpoint", sa.String(64)))
        table.add_column(sa.Column("basis", CODE))
        table.add_column(sa.Column("local_date", sa.Date))
        table.add_column(sa.Column("state", sa.String(3)))
        table.add_column(sa.Column("holder", sa.String(32)))
        table.add_column(sa.Column("issued_on", sa.Date))
    # On what a person was there was not kept before; an empty basis says that it is not known.
    op.execute("UPDATE crossing_subjects SET basis = ''")
    for mine, theirs in (
        ("occurred_at", "occurred_at"),
        ("direction", "direction"),
        ("checkpoint", "checkpoint"),
        ("local_date", "local_date"),
        ("state", "jurisdiction"),
    ):
        value = f"(SELECT {theirs} FROM crossings WHERE crossings.id = crossing_subjects.crossing)"  # noqa: S608 (named above)
        op.execute(f"UPDATE crossing_subjects SET {mine} = {value}")  # noqa: S608 (named above)
    with op.batch_alter_table("crossing_subjects") as table:
        for column, kind in (
            ("occurred_at", INSTANT),
            ("direction", CODE),
            ("checkpoint", sa.String(64)),
            ("basis", CODE),
            ("local_date", sa.Date()),
            ("state", sa.String(3)),
        ):
            table.alter_column(column, existing_type=kind, nullable=False)
    op.create_index("ix_crossing_subjects_key_occurred_at", "crossing_subjects", ["key", "occurred_at"])
    op.create_index("ix_crossing_subjects_holder_key", "crossing_subjects", ["holder", "key"])


def _links_and_due() -> None:
    op.create_table(
        "same_subject",
        sa.Column("id", ID, nullable=False),
        sa.Column("one", sa.String(200), nullable=False),
        sa.Column("other", sa.String(200), nullable=False),
        sa.Column("same", sa.Boolean, nullable=False),
        sa.Column("ground", CODE, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.String(200)),
        sa.Column("end_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_same_subject"),
    )
    op.create_index("ix_same_subject_one", "same_subject", ["one"])
    op.create_index("ix_same_subject_other", "same_subject", ["other"])
    op.create_table(
        "due",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("cause", CODE, nullable=False),
        sa.Column("caused_by", ID),
        sa.Column("fault", sa.String(200)),
        sa.PrimaryKeyConstraint("crossing", name="pk_due"),
        sa.ForeignKeyConstraint(["crossing"], ["crossings.id"], name="fk_due_crossing"),
    )
    op.create_index("ix_due_occurred_at", "due", ["occurred_at"])
    op.create_index("ix_due_since", "due", ["since"])


def _decisions_and_violations() -> None:
    op.add_column("decisions", sa.Column("number", sa.Integer, nullable=False, server_default="1"))
    op.add_column("decisions", sa.Column("revision", sa.SmallInteger, nullable=False, server_default="1"))
    op.add_column("decisions", sa.Column("cause", CODE, nullable=False, server_default="received"))
    op.add_column("decisions", sa.Column("caused_by", ID))
    op.add_column("violations", sa.Column("needs_review", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "violation_changes",
        sa.Column("violation", ID, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("needs_review", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decision", ID),
        sa.Column("successor", ID),
        sa.PrimaryKeyConstraint("violation", "number", name="pk_violation_changes"),
        sa.ForeignKeyConstraint(["violation"], ["violations.id"], name="fk_violation_changes_violation"),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name="fk_violation_changes_decision"),
        sa.ForeignKeyConstraint(["successor"], ["violations.id"], name="fk_violation_changes_successor"),
    )


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(200), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_object", "audit_log", ["object"])


def _manifests() -> None:
    op.create_table(
        "manifests",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("received_by", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_manifests"),
        sa.UniqueConstraint("source", "body_digest", name="uq_manifests_source_body_digest"),
        sa.ForeignKeyConstraint(["received_by"], ["credentials.id"], name="fk_manifests_received_by"),
    )
    op.create_table(
        "manifest_voyages",
        sa.Column("manifest", ID, nullable=False),
        sa.Column("number", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("voyage", sa.String(64), nullable=False),
        sa.Column("departure_day", sa.Date, nullable=False),
        sa.Column("arrival_day", sa.Date, nullable=False),
        sa.Column("function", CODE, nullable=False),
        sa.Column("departure_place", sa.String(5)),
        sa.Column("departure_local", sa.DateTime),
        sa.Column("arrival_place", sa.String(5)),
        sa.Column("arrival_local", sa.DateTime),
        sa.Column("prepared_at", sa.DateTime),
        sa.Column("reference", sa.String(512), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("persons", sa.SmallInteger),
        sa.Column("crew", sa.SmallInteger, nullable=False),
        sa.Column("documents", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("manifest", "number", name="pk_manifest_voyages"),
        sa.ForeignKeyConstraint(["manifest"], ["manifests.id"], name="fk_manifest_voyages_manifest"),
    )
    op.create_index("ix_manifest_voyages_voyage_departure_day", "manifest_voyages", ["voyage", "departure_day"])
    op.create_index("ix_manifest_voyages_voyage_arrival_day", "manifest_voyages", ["voyage", "arrival_day"])
