"""Bodies, decisions, findings and differences by crossing, on PostgreSQL partitioned by month; violations by a text

The definitions here are this revision's own and stay as they are when those of the application change.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
CODE = sa.String(32)
ID = sa.String(36)
RULE = sa.String(100)
BY_CROSSING = "RANGE (crossing)"
# The extension that has this is not everywhere. What runs for each violation is dear, and the planner must know.
TRIGRAMS = """
CREATE FUNCTION trigrams(VARIADIC texts text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    SELECT coalesce(array_agg(DISTINCT substr(lower(each), place, 3)), '{}')
    FROM unnest(texts) AS each, generate_series(1, length(each) - 2) AS place
$$
"""


def upgrade() -> None:
    months = _months() if _is_postgresql() else []
    _violations()
    _bodies(months)
    for name, make in (("decisions", _decisions), ("findings", _findings), ("differences", _differences)):
        _put_aside(name)
        make()
        _divide(name, months)
    _bring_over("decisions", "")
    for name in ("findings", "differences"):
        _bring_over(name, f"JOIN old_decisions ON old_decisions.id = old_{name}.decision")
    for name in ("differences", "findings", "decisions"):
        op.drop_table(f"old_{name}")


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _violations() -> None:
    """No foreign keys to what is partitioned, and what an officer searches for a text in one table."""
    # SQLite makes a table anew for it; the rows that refer to its own must be out of the way meanwhile.
    op.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM violation_changes")
    op.execute("DELETE FROM violation_changes")
    with op.batch_alter_table("violation_changes") as table:
        table.drop_constraint("fk_violation_changes_decision", type_="foreignkey")
    with op.batch_alter_table("violations") as table:
        table.drop_constraint("fk_violations_finding", type_="foreignkey")
        table.add_column(sa.Column("event_id", sa.String(100)))
    op.execute(
        "UPDATE violations SET event_id = (SELECT event_id FROM crossings WHERE crossings.id = violations.crossing)"
    )
    with op.batch_alter_table("violations") as table:
        table.alter_column("event_id", existing_type=sa.String(100), nullable=False)
    op.execute("INSERT INTO violation_changes SELECT * FROM kept")
    op.execute("DROP TABLE kept")
    if _is_postgresql():
        op.execute(TRIGRAMS)
        op.execute(
            "CREATE INDEX ix_violations_trigrams ON violations "
            "USING gin (trigrams(rule, checkpoint, subject_key, event_id))"
        )


def _bodies(months: list[datetime]) -> None:
    op.create_table(
        "crossing_bodies",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("crossing", name="pk_crossing_bodies"),
        postgresql_partition_by=BY_CROSSING,
    )
    _divide("crossing_bodies", months)
    op.execute("INSERT INTO crossing_bodies (crossing, body) SELECT id, body FROM crossings")
    op.drop_column("crossings", "body")


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("rulebook", sa.String(80), nullable=False),
        sa.Column("evaluated_at", INSTANT, nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("advice", CODE),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("compliant", sa.JSON, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision", sa.SmallInteger, nullable=False),
        sa.Column("cause", CODE, nullable=False),
        sa.Column("caused_by", ID),
        sa.PrimaryKeyConstraint("crossing", "id", name="pk_decisions"),
        postgresql_partition_by=BY_CROSSING,
    )


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("decision", ID, nullable=False),
        sa.Column("rule", RULE, nullable=False),
        sa.Column("subject_kind", CODE, nullable=False),
        sa.Column("subject_position", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.String(10), nullable=False),
        sa.Column("verdict", CODE, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("explanation", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("crossing", "decision", "rule", "subject_kind", "subject_position", name="pk_findings"),
        postgresql_partition_by=BY_CROSSING,
    )


def _differences() -> None:
    op.create_table(
        "differences",
        sa.Column("crossing", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("decision", ID, nullable=False),
        sa.Column("rule", RULE, nullable=False),
        sa.Column("subject_kind", CODE, nullable=False),
        sa.Column("subject_position", sa.SmallInteger, nullable=False),
        sa.Column("backend", CODE, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("verdict", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("crossing", "id", name="pk_differences"),
        postgresql_partition_by=BY_CROSSING,
    )


def _put_aside(name: str) -> None:
    """The table as it was goes by another name, and its keys, whose names PostgreSQL keeps for one table, go."""
    op.rename_table(name, f"old_{name}")
    if _is_postgresql():
        op.execute(f"ALTER TABLE old_{name} DROP CONSTRAINT pk_{name} CASCADE")


def _bring_over(name: str, joined: str) -> None:
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(name)]
    names = ", ".join(columns)
    crossing = "old_decisions" if joined else f"old_{name}"
    values = ", ".join(f"{crossing if column == 'crossing' else f'old_{name}'}.{column}" for column in columns)
    op.execute(f"INSERT INTO {name} ({names}) SELECT {values} FROM old_{name} {joined}")  # noqa: S608 (named above)


def _divide(name: str, months: list[datetime]) -> None:
    """Make the partition of each month of what is there, and that of all others; the service makes those to come."""
    if not _is_postgresql():
        return
    op.execute(f"CREATE TABLE {name}_default PARTITION OF {name} DEFAULT")
    for month in months:
        bounds = f"FROM ('{_floor(month)}') TO ('{_floor(_next(month))}')"
        op.execute(f"CREATE TABLE {name}_{month:%Y_%m} PARTITION OF {name} FOR VALUES {bounds}")


def _months() -> list[datetime]:
    """Those until now in which what is stored was received, by its identifiers: their first digits are hours apart."""
    connection = op.get_bind()
    now = connection.execute(sa.text("SELECT now()")).scalar_one()
    starts = "SELECT DISTINCT left(id, 6) FROM crossings WHERE id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7'"
    found = set()
    for start in connection.execute(sa.text(starts)).scalars():
        for digits in (f"{start}000000", f"{start}ffffff"):
            seconds = int(digits, 16) / 1000
            if seconds <= now.timestamp():
                at = datetime.fromtimestamp(seconds, UTC)
                found.add(datetime(at.year, at.month, 1, tzinfo=UTC))
    return sorted(found)


def _next(month: datetime) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


def _floor(month: datetime) -> str:
    """Below all identifiers of UUIDv7 made since then, and above all made before."""
    digits = f"{int(month.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"
