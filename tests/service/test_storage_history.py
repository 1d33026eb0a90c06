"""What is read of subjects' histories: all of the window, the last of each kind before it, and nothing else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, insert, text

from app.crossings import history, records
from app.crossings.history import Ask
from app.storage.engine import Transaction, reading, transaction
from app.storage.tables import crossing_subjects
from app.vocabulary.past import Leg
from tests.service.rows import NOW, crossing, prepare

KEY = "CHN:E1"
DAY = timedelta(days=1)


@pytest.fixture
def named(engine: Engine) -> str:
    """A stored crossing, to which any number of subjects can be added."""
    with transaction(engine) as tx:
        made = crossing(prepare(tx), subjects=())
        records.store(tx, [made])
    return made.id


def _leg(crossing: str, at: datetime, direction: str, state: str, basis: str = "short_stay") -> Leg:
    return Leg(at, direction, f"{state}-SOMEWHERE", basis, at.date(), state, KEY, crossing)


def _stored(engine: Engine, legs: Sequence[Leg]) -> None:
    names = ("occurred_at", "direction", "checkpoint", "basis", "local_date", "state", "key", "crossing")
    rows: list[dict[str, Any]] = [
        {**dict(zip(names, leg, strict=True)), "kind": "individual", "position": place}
        for place, leg in enumerate(legs)
    ]
    with transaction(engine) as tx:
        tx.execute(insert(crossing_subjects), rows)


@pytest.mark.parametrize("seed", range(10))
def test_of_each_state_the_last_of_each_direction_before_the_window_is_read(
    engine: Engine, named: str, seed: int
) -> None:
    random = Random(seed)
    legs = [
        _leg(
            named,
            NOW - random.randint(0, 60) * DAY - timedelta(seconds=number),
            random.choice(["entry", "exit", "presence"]),
            random.choice(["RUS", "CHN", "EST"]),
            random.choice(["short_stay", ""]),
        )
        for number in range(random.choice([1, 8, 60]))
    ]
    _stored(engine, legs)
    since = NOW - 20 * DAY
    last = {(leg.state, leg.direction): leg for leg in sorted(legs) if leg.at < since}
    with reading(engine) as tx:
        found = history.load(tx, [Ask(KEY, "", NOW, since), Ask("CHN:E2", "", NOW, since)])
    assert found.of(KEY, "").legs == tuple(sorted({*last.values(), *(leg for leg in legs if leg.at >= since)}))
    assert found.of("CHN:E2", "").legs == ()


def test_of_two_at_the_last_instant_before_the_window_both_are_read(engine: Engine, named: str) -> None:
    """Whichever came first: they may tell of other papers."""
    at = NOW - 30 * DAY
    legs = [_leg(named, at, "entry", "RUS")._replace(basis=basis) for basis in ("residence_permit", "visa_free")]
    _stored(engine, [_leg(named, at - DAY, "entry", "RUS"), *legs])
    with reading(engine) as tx:
        found = history.load(tx, [Ask(KEY, "", NOW, NOW - 20 * DAY)])
    assert [leg.basis for leg in found.of(KEY, "").legs] == ["residence_permit", "visa_free"]


def test_who_is_asked_for_together_with_others_is_given_what_it_would_be_alone(engine: Engine, named: str) -> None:
    legs = [_leg(named, NOW - days * DAY, "entry", "RUS") for days in (40, 30, 10)]
    _stored(engine, legs)
    late, early = Ask(KEY, "late", NOW, NOW - 20 * DAY), Ask(KEY, "early", NOW - 35 * DAY, NOW - 60 * DAY)
    with reading(engine) as tx:
        alone, together = history.load(tx, [late]), history.load(tx, [late, early])
    assert together.of(KEY, "late").legs == alone.of(KEY, "late").legs == tuple(legs[1:])
    assert together.of(KEY, "early").legs == tuple(legs)


def test_what_is_read_does_not_grow_with_what_is_old(engine: Engine, named: str) -> None:
    """Of thousands of entries and exits in two states the last are read; that there is no presence costs nothing."""
    asked = [Ask(KEY, "", NOW, NOW)]
    few = [_leg(named, NOW - (number + 1) * DAY, ("entry", "exit")[number % 2], "RUS") for number in range(10)]
    _stored(engine, few)
    before = _read(engine, asked)
    old = [
        _leg(
            named, NOW - (number + 11) * timedelta(hours=3), ("entry", "exit")[number % 2], ("RUS", "EST")[number > 99]
        )
        for number in range(10, 8_000)
    ]
    _stored_after(engine, old)
    assert _read(engine, asked) < 5 * before


def _stored_after(engine: Engine, legs: Sequence[Leg]) -> None:
    with transaction(engine) as tx:
        tx.execute(text("DELETE FROM crossing_subjects"))
    _stored(engine, legs)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE crossing_subjects"))


def _read(engine: Engine, asked: Sequence[Ask]) -> int:
    """Steps of SQLite's machine, or pages of PostgreSQL, that it takes to load these pasts."""
    with reading(engine) as tx:
        return _steps(tx, asked) if engine.dialect.name == "sqlite" else _pages(tx, asked)


def _steps(tx: Transaction, asked: Sequence[Ask]) -> int:
    steps = 0

    def one_more() -> None:
        nonlocal steps
        steps += 1

    driver: Any = tx.connection.driver_connection
    driver.set_progress_handler(one_more, 1)
    history.load(tx, asked)
    driver.set_progress_handler(None, 0)
    return steps


def _pages(tx: Transaction, asked: Sequence[Ask]) -> int:
    rows = [(each.key, each.since, "infinity") for each in asked]
    query = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {history._POSTGRESQL}"  # noqa: SLF001 (the query itself is in question)
    (told,) = tx.exec_driver_sql(query, {"asked": orjson.dumps(rows).decode(), "most": history.MOST_LEGS}).scalar_one()
    return int(told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"])
