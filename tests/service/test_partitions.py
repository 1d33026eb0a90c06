"""On PostgreSQL what a crossing fills lies in the partition of its month, whoever made that, and nothing is refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from app.clock import FixedClock, uuid7
from app.crossings import records, subjects
from app.crossings.records import Crossing
from app.errors import Unavailable
from app.storage import partitions
from app.storage.engine import Transaction, reading, transaction
from app.storage.partitions import PARTITIONED, Ahead, make_ahead
from app.violations import records as violations
from tests.service.rows import crossing, decision, finding, prepare, violation

DECEMBER = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
AHEAD = {f"{table}_{month}" for table in PARTITIONED for month in ("2026_12", "2027_01", "2027_02")}


@pytest.fixture
def credential(database: Engine) -> str:
    with transaction(database) as tx:
        return prepare(tx)


def received(tx: Transaction, credential: str, at: datetime) -> Crossing:
    """A crossing whose identifier was made at an instant, stored with a violation."""
    found = finding()
    made = replace(crossing(credential, decision([found])), id=str(uuid7(at)))
    records.store(tx, [made])
    violations.store(tx, [violation(made, found)])
    return made


def where(tx: Transaction, table: str) -> list[str]:
    return list(tx.execute(text(f"SELECT tableoid::regclass::text FROM {table} ORDER BY crossing")).scalars())  # noqa: S608 (ours)


def months(tx: Transaction) -> list[str]:
    names = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname !~ '_default$'"
    return list(tx.execute(text(names)).scalars())


def test_servers_that_look_at_once_make_each_partition_once(database: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(make_ahead, database, DECEMBER) for _ in range(4)]:
            done.result()
    make_ahead(database, DECEMBER)
    with reading(database) as tx:
        assert sorted(months(tx)) == sorted(AHEAD)


def test_a_crossing_lies_in_the_month_of_its_receipt_with_all_that_belongs_to_it(
    database: Engine, credential: str
) -> None:
    make_ahead(database, DECEMBER)
    with transaction(database) as tx:
        for at in (DECEMBER, DECEMBER + timedelta(microseconds=1)):
            made = received(tx, credential, at)
            assert records.get(tx, made.id) == made
        for table in PARTITIONED:
            assert where(tx, table) == [f"{table}_2026_12", f"{table}_2027_01"]


def test_a_crossing_of_a_month_nobody_foresaw_is_kept_and_moved_when_the_month_has_come(
    database: Engine, credential: str
) -> None:
    make_ahead(database, DECEMBER)
    jumped = DECEMBER + timedelta(days=3000)
    with transaction(database) as tx:
        made = received(tx, credential, jumped)
        back = received(tx, credential, DECEMBER - timedelta(days=3000))
        assert {name for table in PARTITIONED for name in where(tx, table)} == {
            f"{each}_default" for each in PARTITIONED
        }
    make_ahead(database, jumped)
    with reading(database) as tx:
        for table in PARTITIONED:
            assert where(tx, table) == [f"{table}_default", f"{table}_{jumped:%Y_%m}"]
        assert (records.get(tx, made.id), records.get(tx, back.id)) == (made, back)


def test_making_partitions_and_storing_crossings_do_not_wait_for_each_other(database: Engine, credential: str) -> None:
    make_ahead(database, DECEMBER)
    with transaction(database) as storing:
        received(storing, credential, DECEMBER)
        make_ahead(database, DECEMBER + timedelta(days=90))
    with database.begin() as making:
        partitions._make(making, "decisions", DECEMBER + timedelta(days=400))
        with transaction(database) as storing:
            storing.execute(text("SET LOCAL lock_timeout = '1s'"))
            received(storing, credential, DECEMBER)


def test_where_no_partition_can_be_made_the_service_goes_on_and_says_so(
    database: Engine, credential: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_TIMEOUT", "50ms")
    with database.begin() as backup:
        backup.execute(text("LOCK TABLE decisions_default IN ACCESS SHARE MODE"))
        with pytest.raises(Unavailable):
            make_ahead(database, DECEMBER)
        Ahead(database, FixedClock(DECEMBER)).stop()
        with transaction(database) as tx:
            received(tx, credential, DECEMBER)


def test_what_is_asked_of_a_crossing_is_looked_for_in_its_month_alone(database: Engine, credential: str) -> None:
    make_ahead(database, DECEMBER)
    with transaction(database) as tx:
        made = received(tx, credential, DECEMBER)
    ran: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        ran.append((statement, parameters))

    event.listen(database, "before_cursor_execute", note)
    with reading(database) as tx:
        records.get(tx, made.id)
        records.known(tx, [(made.source, made.event_id)])
        records.many(tx, [made.id])
        records.facts_first_told(tx, made.id, 1)
        subjects.event_at(tx, made.id, made.subjects[0].key or "")
        event.remove(database, "before_cursor_execute", note)
        asked = dict.fromkeys(PARTITIONED, False)
        for statement, parameters in ran:
            plan = "\n".join(tx.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            for table in PARTITIONED:
                asked[table] |= f"{table}_2026_12" in plan
                assert f"{table}_2027_01" not in plan
    assert all(asked.values())
