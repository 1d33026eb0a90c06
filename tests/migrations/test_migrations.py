"""The migrated schema is the one the code is written for, however it came about."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from app.storage.engine import connect, reading, transaction
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
        return list(compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata))


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
