"""The migrated schema is the one the code is written for, however it came about."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, RowMapping, inspect, select, text

from app.clock import uuid7
from app.storage.engine import Transaction, connect, reading, transaction
from app.storage.migrate import current, head, upgrade
from app.storage.tables import metadata

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Of an empty database."""
    opened = connect(database_url)
    yield opened
    opened.dispose()


def _differences(engine: Engine) -> list[object]:
    with reading(engine) as tx:
        partitions = _partitions(tx)

        def is_told(name: str | None, kind: str, _parents: object) -> bool:
            # The code knows no index that only one of the databases has.
            return name not in (partitions if kind == "table" else {"ix_violations_trigrams"})

        context = MigrationContext.configure(tx, opts={"compare_type": True, "include_name": is_told})
        return list(compare_metadata(context, metadata))


def _partitions(tx: Transaction) -> dict[str, str]:
    """Each partition's bounds."""
    if tx.dialect.name != "postgresql":
        return {}
    query = (
        "SELECT relname, pg_get_expr(relpartbound, oid) AS bounds FROM pg_class WHERE relispartition AND relkind = 'r'"
    )
    return {row.relname: row.bounds for row in tx.execute(text(query))}


def test_the_migrated_schema_equals_the_tables_of_the_code(engine: Engine) -> None:
    upgrade(engine, MIGRATIONS)
    assert _differences(engine) == []


def test_a_difference_in_a_type_or_an_index_would_be_seen(engine: Engine) -> None:
    upgrade(engine, MIGRATIONS)
    with transaction(engine) as tx:
        tx.execute(text("DROP INDEX ix_violations_occurred_at_id"))
        tx.execute(text("ALTER TABLE activations DROP COLUMN reason"))
        tx.execute(text("ALTER TABLE activations ADD COLUMN reason INTEGER"))
    kinds = {item[0][0] if isinstance(item, list) else item[0] for item in _differences(engine)}  # type: ignore[index]
    assert {"add_index", "modify_type"} <= kinds


def test_constraints_have_the_names_the_code_gives_them(engine: Engine) -> None:
    upgrade(engine, MIGRATIONS)
    found = inspect(engine)
    for table in metadata.sorted_tables:
        named = {key["name"] for key in found.get_foreign_keys(table.name)}
        named |= {unique["name"] for unique in found.get_unique_constraints(table.name)}
        named.add(found.get_pk_constraint(table.name)["name"])
        assert named == {str(constraint.name) for constraint in table.constraints}


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    assert current(engine) is None
    upgrade(engine, MIGRATIONS)
    upgrade(engine, MIGRATIONS)
    assert current(engine) == head(MIGRATIONS)


def test_services_that_start_at_once_migrate_once(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(upgrade, engine, MIGRATIONS) for _ in range(4)]:
            done.result()
    assert current(engine) == head(MIGRATIONS)


def test_a_revision_that_fails_leaves_nothing_behind(engine: Engine, tmp_path: Path) -> None:
    broken = tmp_path / "100%"
    (broken / "versions").mkdir(parents=True)
    (broken / "env.py").write_bytes((MIGRATIONS / "env.py").read_bytes())
    first = (MIGRATIONS / "versions" / "0001_first_tables.py").read_text()
    (broken / "versions" / "0001.py").write_text(first + '    op.drop_table("nowhere")\n')
    with pytest.raises(Exception, match="nowhere"):
        upgrade(engine, broken)
    assert inspect(engine).get_table_names() == []


_AT = datetime(2026, 3, 1, tzinfo=UTC)
_ROWS = """
INSERT INTO rulebooks VALUES ('sha256:0', :bytes, :at);
INSERT INTO credentials VALUES ('c', 'lane', 'checkpoint', '["*"]', 'h', :at, NULL, NULL);
INSERT INTO crossings VALUES
 ('x', 's', 'e', :body, 'd', :at, 'c', :at, '2026-03-01', 'RUS-ZABAYKALSK', 'RUS', 'entry', 'road');
INSERT INTO crossing_subjects VALUES ('x', 'individual', 0, 'CHN:E1', 'driver', 'CHN');
INSERT INTO decisions VALUES ('d', 'x', 'sha256:0', :at, 'violation', 'refer', :bytes, '[{}]', '[[]]');
INSERT INTO findings VALUES ('f', 'd', 'R', 'always', 'violated', 1, :no, 'individual', 0, '[]', '{}');
INSERT INTO violations VALUES
 ('v', 'f', 'x', 'R', 'always', 'stay', 'RUS', 1, 'refer', 'RUS-ZABAYKALSK', 'entry', 'road', 'individual', 0,
 'CHN:E1', 'open', :at, '2026-03-01', :at, :at)
"""


def _release(engine: Engine, tmp_path: Path, number: int) -> dict[str, Any]:
    """Make a database of an earlier release; what its rows have in common."""
    old = tmp_path / "migrations"
    (old / "versions").mkdir(parents=True)
    revisions = sorted((MIGRATIONS / "versions").glob("0*.py"))[:number]
    for each in (MIGRATIONS / "env.py", *revisions):
        (old / each.relative_to(MIGRATIONS)).write_bytes(each.read_bytes())
    upgrade(engine, old)
    return {
        "bytes": b"{}",
        "at": _AT if engine.dialect.name == "postgresql" else "2026-03-01T00:00:00.000000Z",
        "body": b'{"persons": [{}, {}], "vehicle": {"kind": "bus"}}',
        "no": False,
    }


def _run(tx: Transaction, statements: str, known: Mapping[str, Any]) -> None:
    for statement in map(text, statements.split(";")):
        tx.execute(statement, {name: known[name] for name in statement.compile().params})


def test_a_database_of_the_first_release_is_brought_over_with_all_that_it_holds(engine: Engine, tmp_path: Path) -> None:
    known = _release(engine, tmp_path, 1)
    with transaction(engine) as tx:
        _run(tx, _ROWS, known)
    upgrade(engine, MIGRATIONS)
    with reading(engine) as tx:
        crossing = tx.execute(select(metadata.tables["crossings"])).one()
        assert (crossing.persons, crossing.vehicles, crossing.revision, crossing.withdrawn) == (2, 1, 1, False)
        subject = tx.execute(select(metadata.tables["crossing_subjects"])).one()
        assert (subject.occurred_at, subject.direction, subject.state, subject.basis) == (_AT, "entry", "RUS", "")
        decision = tx.execute(select(metadata.tables["decisions"])).one()
        assert (decision.number, decision.revision, decision.cause) == (1, 1, "received")
        violation = tx.execute(select(metadata.tables["violations"])).one()
        assert (violation.status, violation.needs_review, violation.event_id) == ("open", False, "e")
    assert _differences(engine) == []


def test_more_crossings_of_the_first_release_than_are_read_at_once_are_all_counted(
    engine: Engine, tmp_path: Path
) -> None:
    known = _release(engine, tmp_path, 1)
    before, crossing, *_ = _ROWS.split("INSERT INTO crossings ")
    rows = [
        {
            "at": known["at"],
            "id": f"{number:04}",
            "body": orjson.dumps({"persons": [{}] * (number % 4), "vehicle": {"kind": "bus"} if number % 3 else None}),
        }
        for number in range(1_001)
    ]
    with transaction(engine) as tx:
        _run(tx, before.strip().removesuffix(";"), known)
        values = crossing.partition(";")[0].replace("'x'", ":id").replace("'e'", ":id")
        tx.execute(text(f"INSERT INTO crossings {values}"), rows)
    upgrade(engine, MIGRATIONS)
    with reading(engine) as tx:
        table = metadata.tables["crossings"].c
        found = tx.execute(select(table.id, table.persons, table.vehicles)).all()
    assert {tuple(row) for row in found} == {
        (f"{number:04}", number % 4, int(number % 3 > 0)) for number in range(1_001)
    }


_MONTHS = (
    datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2025, 1, 1, tzinfo=UTC),
    datetime(9000, 1, 1, tzinfo=UTC),
)
_OF_THE_THIRD_RELEASE = """
INSERT INTO crossings VALUES (:x, 's', :x, :body, 'd', :at, 'c', :at, '2026-03-01', 'RUS-ZABAYKALSK', 'RUS', 'entry',
 'road', NULL, 1, 2, 1, :no);
INSERT INTO decisions VALUES (:d, :x, 'sha256:0', :at, 'violation', 'refer', :bytes, '[{}]', '[[]]', 1, 1, 'received',
 NULL);
INSERT INTO findings VALUES (:f, :d, 'R', 'always', 'violated', 1, :no, 'individual', 0, '[]', '{}');
INSERT INTO differences VALUES (:f, :d, 'R', 'individual', 0, 'rete', 'missed', 'violated', :at);
INSERT INTO violations VALUES (:f, :f, :x, 'R', 'always', 'stay', 'RUS', 1, 'refer', 'RUS-ZABAYKALSK', 'entry', 'road',
 'individual', 0, 'CHN:E1', 'open', :at, '2026-03-01', :at, :at, :no);
INSERT INTO violation_changes VALUES (:f, 1, :at, 'a', 'closed', :no, 'why', :d, :f)
"""


def test_what_the_third_release_holds_is_brought_into_the_partitions_of_its_months(
    engine: Engine, tmp_path: Path
) -> None:
    known = _release(engine, tmp_path, 3)
    before, *_ = _ROWS.split("INSERT INTO crossings ")
    with transaction(engine) as tx:
        _run(tx, before.strip().removesuffix(";"), known)
        for at in _MONTHS:
            _run(tx, _OF_THE_THIRD_RELEASE, known | {name: str(uuid7(at)) for name in "xdf"})
        # A number that was never one of ours.
        _run(tx, _OF_THE_THIRD_RELEASE, known | {name: name for name in "xdf"})
        kept = {name: tx.execute(text(f"SELECT * FROM {name}")).mappings().all() for name in _BROUGHT_OVER}  # noqa: S608 (ours)
    upgrade(engine, MIGRATIONS)
    with reading(engine) as tx:
        for name, rows in kept.items():
            found = tx.execute(text(f"SELECT * FROM {name}")).mappings().all()  # noqa: S608 (ours)
            assert {_told(row, rows[0]) for row in found} == {_told(row, row) for row in rows}
        bodies = tx.execute(text("SELECT body FROM crossing_bodies")).scalars().all()
        assert [bytes(body) for body in bodies] == [known["body"]] * 4
        assert (
            tx.execute(text("SELECT count(*) FROM findings f JOIN decisions d ON d.crossing = f.crossing")).scalar()
            == 4
        )
        if engine.dialect.name == "postgresql":
            places = tx.execute(text("SELECT tableoid::regclass::text FROM findings ORDER BY crossing")).scalars().all()
            assert places == ["findings_2024_12", "findings_2025_01", "findings_default", "findings_default"]


_BROUGHT_OVER = ("crossings", "decisions", "findings", "differences", "violations", "violation_changes")


def _told(row: RowMapping, like: RowMapping) -> str:
    """What was told of it before, in one order."""
    return repr(sorted((name, row[name]) for name in like if name != "body"))
