"""Two servers on one PostgreSQL at the same moment: what one is about to store, the other knows of."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine as Database

from app.crossings import due, history, links, records
from app.crossings.due import Share, Trigger
from app.crossings.records import Cause
from app.errors import Conflict
from app.evaluation import past
from app.evaluation.batch import Stored
from app.evaluation.engine import Engine, Prepared
from app.evaluation.pipeline import canonical_digest
from app.evaluation.record import Received
from app.evaluation.revise import Revising
from app.identity.roles import Role
from app.storage.engine import connect, reading, transaction
from app.storage.migrate import upgrade
from app.vocabulary.wire import Crossing
from tests.databases import Postgres, running_postgres
from tests.factories import OMIT, event
from tests.service.conftest import MIGRATIONS
from tests.service.histories import FIRST, NOW, RULES, SECONDS, Servers, servers
from tests.service.serving import serving
from tests.service.test_time import sent

# So long the first waits for the second to come where both could go wrong; where locks keep it away, in vain.
TOGETHER = 1.0
BUSY = """id: RUS-HIST-008
title: {en: Few, ru: Few, zh: Few}
regime: checkpoint
jurisdiction: RUS
applies_to: individual
status: active
owner: Tests
severity: serious
advice: refer
review_by: 2030-01-01
versions:
  - basis: [{provision: RU-4730-11}]
    require: {checkpoint.persons_today: {at_most: 0}}
"""
MEASURE = """
checkpoint.persons_today:
  title: {en: Persons today, ru: Лиц за день, zh: 今日人数}
  count: checkpoint_crossings
  of: persons
"""


def together(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, done by two before either goes on, if nothing keeps them apart."""
    both = threading.Barrier(2)

    def done(*given: Any, **more: Any) -> Any:  # noqa: ANN401 (as what it stands for)
        result = work(*given, **more)
        try:
            both.wait(TOGETHER)
        except threading.BrokenBarrierError:
            both.reset()
        return result

    return done


def read(servers: Servers, body: dict[str, Any]) -> tuple[Crossing, Received]:
    content = orjson.dumps(body)
    received = Received(content, canonical_digest(body), NOW, servers.credential)
    return Crossing.model_validate_json(content), received


def ingest(servers: Servers, server: int, body: dict[str, Any]) -> Future[Stored]:
    return servers.pipelines[server].ingest(*read(servers, body))


def test_an_event_that_is_tried_at_another_time_is_no_traffic_before_itself(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path}/gerege.db", busy(tmp_path)) as service:
        assert service.post(event(id="one")).status_code == 201
        later = event(id="one", occurred_at="2026-03-01T12:15:00+09:00")
        tried = service.post(later, Role.OFFICER, "/v1/evaluate").json()
        assert "RUS-HIST-008" not in {each["rule"] for each in tried["findings"]}
        other = service.post(later | {"id": "other"}, Role.OFFICER, "/v1/evaluate").json()
        assert "RUS-HIST-008" in {each["rule"] for each in other["findings"]}


def busy(folder: Path) -> Path:
    """Rules with one that asks for the traffic of the day."""
    rules = copytree(RULES, folder / "rules")
    (rules / "RUS/checkpoint").mkdir()
    (rules / "RUS/checkpoint/RUS-HIST-008.yaml").write_text(BUSY)
    with (rules / "measures.yaml").open("a") as measures:
        measures.write(MEASURE)
    return rules


def test_of_two_crossings_of_a_day_the_later_is_judged_by_the_earlier(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers(database, 2, busy(tmp_path)) as two:
        monkeypatch.setattr(history, "passing", together(history.passing))
        futures = []
        for number in range(2):
            at = (FIRST + timedelta(hours=number)).isoformat()
            person = {"persons__0__document__number": f"T{number}", "persons__0__surname": "AB"[number]}
            body = event(id=f"e{number}", occurred_at=at, organizations=[], **person)
            futures.append(ingest(two, number, body))
        for future in futures:
            future.result(SECONDS)
        two.settle()
    with reading(database) as tx:
        query = "SELECT c.event_id FROM crossings c JOIN violations v ON v.crossing = c.id WHERE v.rule = %s"
        assert tx.exec_driver_sql(query, ("RUS-HIST-008",)).scalars().all() == ["e1"]


def test_of_two_officers_who_say_the_contrary_at_once_the_second_is_heard_after_the_first(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.fresh_database() as url, serving(url, RULES) as service:
        for number in ("A1", "B2"):
            sent(service, number, 0, "entry", persons__0__document__number=number)
        monkeypatch.setattr(links, "statements", together(links.statements))
        path = "/v1/subjects/CHN:A1/links"

        def say(*, same: bool) -> None:
            body = {"other": "CHN:B2", "same": same, "reason": "seen"}
            assert service.post(body, Role.OFFICER, path).status_code == 201

        threads = [threading.Thread(target=say, kwargs={"same": same}) for same in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        with reading(service.services.database) as tx:
            every = tx.exec_driver_sql("SELECT ended_at FROM same_subject").scalars().all()
        assert sorted(ended is None for ended in every) == [False, True]


def test_of_two_corrections_of_a_crossing_at_once_the_second_is_told_to_read_it_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers(database, 2) as two:
        first = ingest(two, 0, event(id="one")).result(SECONDS)
        monkeypatch.setattr(records, "get", together(records.get))
        futures = []
        for number, pipeline in enumerate(two.pipelines):
            event_, received = read(two, event(id="one", vehicle__plate=f"B{number}77"))
            futures.append(pipeline.revise(Revising(first.crossing, received, "misread", event_)))
        raised = [future.exception(SECONDS) for future in futures]
        assert [type(each) for each in raised if each] == [Conflict]
        assert [future.result().revision for future in futures if not future.exception()] == [2]


def test_more_crossings_are_marked_due_than_a_statement_takes_parameters(database: Database) -> None:
    with servers(database) as one, transaction(database) as tx:
        stored = ingest(one, 0, event(id="one")).result(SECONDS)
        names = {stored.crossing, *(f"{number:036}" for number in range(70_000))}
        due.mark(tx, names, Trigger(Cause.LATE_EVENT, None, NOW))
        assert [each.crossing for each in due.first(tx, Share(10, 100))] == [stored.crossing]


# --- what is due ----------------------------------------------------------------------------------------------


def late(name: str, person: int, day: int) -> dict[str, Any]:
    """An entry of a person; that of day 0 comes last, so that those after it are due."""
    at = (FIRST + timedelta(days=day)).isoformat()
    number = {"persons__0__document__number": f"P{person}", "persons__0__surname": "ABCDEF"[person]}
    return event(id=name, occurred_at=at, organizations=[], direction="entry", **number)


def test_what_one_server_has_taken_another_leaves_and_takes_what_comes_after(database: Database) -> None:
    with servers(database) as one:
        stored = [ingest(one, 0, late(f"{day}", 0, day)).result(SECONDS).crossing for day in range(5)]
        stored.append(ingest(one, 0, late("another's", 1, 9)).result(SECONDS).crossing)
    with transaction(database) as tx:
        due.mark(tx, stored, Trigger(Cause.LATE_EVENT, None, NOW))
    with transaction(database) as tx, transaction(database) as other:
        assert [each.crossing for each in due.first(tx, Share(2, 100))] == stored[:2]
        assert [each.crossing for each in due.first(other, Share(2, 100))] == stored[2:4]
        assert [each.crossing for each in due.first(other, Share(9, 100), stored[:1])] == stored[5:]


def test_while_one_server_is_at_a_person_another_judges_others_and_serves_lanes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one stops in the midst of judging again; the other has more of the same person before it in the queue."""
    judge, judging, goes_on = Engine.judge, threading.Event(), threading.Event()
    with servers(database, 2) as two:
        slow = {ingest(two, 0, late(f"slow-{day}", 0, day)).result(SECONDS).crossing for day in range(1, 101)}
        quick = ingest(two, 0, late("quick", 1, 200)).result(SECONDS).crossing
        two.settle()
        threads: set[int] = set()

        def stopping(self: Engine, prepared: Prepared, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 (as what it stands for)
            if prepared.crossing in slow and not judging.is_set():
                threads.add(threading.get_ident())
                judging.set()
                assert goes_on.wait(SECONDS)
            return judge(self, prepared, *rest, **more)

        monkeypatch.setattr(Engine, "judge", stopping)
        try:
            with transaction(database) as tx:
                due.mark(tx, {*slow, quick}, Trigger(Cause.LATE_EVENT, None, NOW))
            two.pipelines[0].wake()
            assert judging.wait(SECONDS)
            (stopped,) = (number for number, each in enumerate(two.pipelines) if each._thread.ident in threads)  # noqa: SLF001 (which of them it is)
            other = 1 - stopped
            two.pipelines[other].wake().result(SECONDS)
            assert ingest(two, other, late("lane", 2, 3)).result(SECONDS).decision
            deadline = time.monotonic() + SECONDS
            while _is_due(database, quick):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        finally:
            goes_on.set()
        two.settle()


def _is_due(database: Database, crossing: str) -> bool:
    with reading(database) as tx:
        return due.is_due(tx, crossing)


def test_an_event_of_an_old_document_counts_for_its_successor_that_comes_at_the_same_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its holder is not told whole, so that only what is on record joins the two."""

    def crossed(name: str, day: int, direction: str, number: str, **changes: object) -> dict[str, Any]:
        issued = {"OLD1": "2019-01-01", "NEW1": (FIRST + timedelta(days=10)).date().isoformat()}[number]
        document = {"number": number, "issued_on": issued, "expires_on": "2035-01-01", "mrz": OMIT}
        told = {f"persons__0__document__{name}": value for name, value in document.items()}
        at = (FIRST + timedelta(days=day)).isoformat()
        told |= {"persons__0__visa": None, "organizations": []}
        return event(id=name, occurred_at=at, direction=direction, **told, **changes)

    with servers(database, 2) as two:
        ingest(two, 0, crossed("old-in", 0, "entry", "OLD1")).result(SECONDS)
        two.settle()
        monkeypatch.setattr(past, "load", together(past.load))
        old = ingest(two, 0, crossed("old-out", 5, "exit", "OLD1", persons__0__sex=OMIT))
        new = ingest(two, 1, crossed("new-in", 20, "entry", "NEW1"))
        for future in (old, new):
            future.result(SECONDS)
        two.settle()
    with reading(database) as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM same_subject").scalar_one() == 1
        query = "SELECT count(*) FROM violations WHERE rule = 'RUS-HIST-003' AND status = 'open'"
        assert tx.exec_driver_sql(query).scalar_one() == 0


def test_more_persons_than_a_server_has_locks_are_stored_and_judged_again() -> None:
    few = {"listen_addresses": "", "max_connections": "20", "max_locks_per_transaction": "40", "fsync": "off"}
    with running_postgres(few) as postgres, postgres.fresh_database() as url:
        opened = connect(url)
        upgrade(opened, MIGRATIONS)
        with servers(opened) as one:
            flights = [_flight(number, 200) for number in range(12)]
            for future in [ingest(one, 0, flight) for flight in flights]:
                future.result(SECONDS)
            late = event(id="late", occurred_at=FIRST.isoformat(), persons=[], vehicle=OMIT, cargo=OMIT)
            ingest(one, 0, late).result(SECONDS)
            one.settle()
            assert one.pipelines[0].backlog().faulty == 0
        opened.dispose()


def _flight(number: int, persons: int) -> dict[str, Any]:
    person = event()["persons"][0] | {"role": "passenger", "visa": None}
    aboard = [
        person
        | {"surname": _LETTERS[number] + _LETTERS[place // 26] + _LETTERS[place % 26]}
        | {"document": person["document"] | {"number": f"F{number:03}P{place:04}", "mrz": None}}
        for place in range(persons)
    ]
    at = (FIRST + timedelta(days=10 + number)).isoformat()
    return event(id=f"flight-{number}", occurred_at=at, direction="exit", persons=aboard, vehicle=OMIT, cargo=OMIT)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
