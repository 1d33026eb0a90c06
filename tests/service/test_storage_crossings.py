"""What is stored of a crossing is what is found again, and it is stored once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import IntegrityError

from app.crossings import records
from app.crossings.records import Crossing, Known, Raced
from app.errors import NotFound
from app.storage.engine import reading, transaction
from app.storage.tables import crossings, metadata
from app.vocabulary.codes import SubjectKind
from tests.service.rows import NOW, crossing, decision, finding, identifier, prepare, subject


@pytest.fixture
def credential(engine: Engine) -> str:
    with transaction(engine) as tx:
        return prepare(tx)


def _stored(engine: Engine, *made: Crossing) -> None:
    with transaction(engine) as tx:
        records.store(tx, made)


def test_crossings_come_back_as_they_were_stored(engine: Engine, credential: str) -> None:
    company = subject(kind=SubjectKind.LEGAL_ENTITY, key=None, role=None, country=None)
    made = [
        crossing(credential),
        crossing(credential, decision([finding(), finding(rule="RUS-STAY-002", shadow=True)])),
        crossing(credential, subjects=(company,)),
    ]
    _stored(engine, *made)
    with reading(engine) as tx:
        assert [records.get(tx, each.id) for each in made] == made


def test_findings_come_back_by_subject_and_rule_however_they_were_stored(engine: Engine, credential: str) -> None:
    ordered = [
        finding(subject_position=0, rule="B"),
        finding(subject_position=2, rule="A"),
        finding(subject_position=10, rule="A"),
        finding(subject_position=0, rule="A", subject_kind=SubjectKind.LEGAL_ENTITY),
    ]
    made = crossing(credential, decision(ordered[::-1]))
    _stored(engine, made)
    with reading(engine) as tx:
        assert records.get(tx, made.id).decisions[0].findings == tuple(ordered)


def test_the_newest_decision_comes_first_but_the_first_answer_stays_the_answer(engine: Engine, credential: str) -> None:
    first = decision(answer=b"first")
    # The clock was put back meanwhile.
    later = decision(answer=b"later", number=2, evaluated_at=NOW - timedelta(days=1))
    made = crossing(credential, first, later)
    _stored(engine, made)
    with reading(engine) as tx:
        assert records.get(tx, made.id).decisions == (later, first)
        known = records.known(tx, [(made.source, made.event_id)])
        assert known == {(made.source, made.event_id): Known(made.id, made.body_digest, b"first")}


def test_a_crossing_judged_a_thousand_times_is_read_with_its_newest_decisions_in_five_queries(
    engine: Engine, credential: str
) -> None:
    made = [decision([finding()], number=number) for number in range(1, 1001)]
    stored = crossing(credential, *made)
    _stored(engine, stored)
    asked: list[str] = []

    def note(*args: Any) -> None:  # noqa: ANN401 (SQLAlchemy's)
        asked.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    with reading(engine) as tx:
        found = records.get(tx, stored.id)
        queries = len([each for each in asked if each.startswith("SELECT")])
        assert records.decisions_on(tx, stored.id, 2, before=made[949].number) == (made[948], made[947])
        assert records.count_on(tx, stored.id) == 1000
    assert (found.decisions, queries) == (tuple(made[:-51:-1]), 5)


def test_only_the_events_that_are_stored_are_known(engine: Engine, credential: str) -> None:
    made = [crossing(credential) for _ in range(3)]
    _stored(engine, *made[:2])
    keys = [(each.source, each.event_id) for each in made]
    with reading(engine) as tx:
        assert set(records.known(tx, keys)) == set(keys[:2])
        assert records.known(tx, []) == {}
        # A pair, not a source and an identifier that both occur.
        assert records.known(tx, [("lane-4", made[0].event_id)]) == {}


def test_stored_events_are_looked_up_by_index_on_any_amount_of_them(engine: Engine, credential: str) -> None:
    """What else would every event cost, the more are stored?"""
    _stored(engine, *(crossing(credential) for _ in range(300)))
    ran: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        ran.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with reading(engine) as tx:
        records.known(tx, [("lane-3", f"E-{number}") for number in range(100)])
        event.remove(engine, "before_cursor_execute", note)
        statement, parameters = ran[-1]
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        plan = [str(row) for row in tx.exec_driver_sql(f"{explain} {statement}", parameters)]
    scanned = [step for step in plan if "SCAN crossings" in step or "SCAN decisions" in step or "Seq Scan" in step]
    assert scanned == []


def test_storing_nothing_is_no_fault(engine: Engine) -> None:
    _stored(engine)
    with reading(engine) as tx:
        assert tx.execute(select(func.count()).select_from(crossings)).scalar_one() == 0


def test_a_crossing_that_is_not_there_is_not_found(engine: Engine) -> None:
    for name in (identifier(), "", "\x00", "\ud800"):
        with pytest.raises(NotFound), reading(engine) as tx:
            records.get(tx, name)


def test_the_later_of_two_that_store_one_event_is_told_and_leaves_nothing(engine: Engine, credential: str) -> None:
    first = crossing(credential)
    second = replace(crossing(credential, decision([finding()])), event_id=first.event_id)
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as tx:
            records.store(tx, [first])
            later = pool.submit(_stored, engine, crossing(credential), second)
        with pytest.raises(Raced):
            later.result()
    with reading(engine) as tx:
        counts = {t.name: tx.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables}
    assert (counts["crossings"], counts["decisions"], counts["findings"]) == (1, 1, 0)


def test_an_event_sent_many_times_at_once_is_one_crossing_with_one_answer(engine: Engine, credential: str) -> None:
    """Law 2, with the pattern that ingest follows: look, store, and look again when another was faster."""
    start = Barrier(8)

    def receive(number: int) -> Known:
        start.wait()
        made = replace(crossing(credential, decision(answer=f"{number}".encode())), event_id="same")
        try:
            with transaction(engine) as tx:
                if found := records.known(tx, [("lane-3", "same")]):
                    return found["lane-3", "same"]
                records.store(tx, [made])
        except Raced:
            pass
        with reading(engine) as tx:
            return records.known(tx, [("lane-3", "same")])["lane-3", "same"]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(receive, range(8)))
    assert len(answers) == 1


def test_a_broken_reference_is_not_taken_for_a_race(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(engine) as tx:
        records.store(tx, [crossing("nobody")])
