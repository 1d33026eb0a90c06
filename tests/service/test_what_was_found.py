"""Violations through re-derivations: whose facts explain them, what was known when, and what keeps them standing."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from app.evaluation.reload import put_in_force
from app.storage.engine import Transaction, transaction
from app.storage.tables import crossing_bodies, crossings
from app.violations import records as violations
from app.vocabulary.codes import Outcome
from tests.service.histories import RULES
from tests.service.serving import Service, a_change, serving
from tests.service.test_time import corrected, crossed, found, sent, withdrawn

OTHER = {"persons__0__document__number": "E777", "persons__0__nationality": "MNG"}


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with serving(database_url, RULES) as running:
        yield running


def decide(service: Service, violation: str, status: str) -> None:
    with transaction(service.services.database) as tx:
        violations.change(tx, [a_change(violation, service.clock.now(), Outcome(status))])


def _spoil(tx: Transaction, event_id: str) -> None:
    """Keep of an event what today's wire model cannot read."""
    of_it = select(crossings.c.id).where(crossings.c.event_id == event_id).scalar_subquery()
    tx.execute(update(crossing_bodies).where(crossing_bodies.c.crossing == of_it).values(body=b'{"id": 1}'))


def detail(service: Service, violation: str, **asked: object) -> Any:  # noqa: ANN401 (any JSON)
    return service.get(f"/v1/violations/{violation}", params=asked).json()


def entered_twice(service: Service) -> tuple[str, str]:
    """The second crossing, and the violation of having entered without having left."""
    sent(service, "in", 0, "entry")
    crossing = sent(service, "in-again", 20, "entry")["crossing"]
    (violation,) = service.get("/v1/violations").json()["items"]
    return crossing, violation["violation"]


def test_a_confirmed_violation_keeps_its_own_facts_when_the_crossing_turns_out_to_be_another_persons(
    service: Service,
) -> None:
    sent(service, "other-in", 0, "entry", **OTHER)
    crossing, violation = entered_twice(service)
    decide(service, violation, "confirmed")
    before = detail(service, violation)
    corrected(service, crossing, crossed("in-again", 20, "entry", **OTHER))
    after = detail(service, violation)
    assert after["needs_review"]
    assert before["facts"]["subject.nationality"] == "CHN"
    assert {name: after[name] for name in ("facts", "decision", "explanation")} == {
        name: before[name] for name in ("facts", "decision", "explanation")
    }
    (others,) = service.get("/v1/violations", params={"subject": "CHN:E777", "status": "open"}).json()["items"]
    assert detail(service, others["violation"])["facts"]["subject.nationality"] == "MNG"


def test_what_was_known_of_a_violation_does_not_change_with_a_later_correction(service: Service) -> None:
    sent(service, "in", 0, "entry")
    crossing = sent(service, "out", 8, "exit")["crossing"]
    (listed,) = service.get("/v1/violations", params={"rule": "RUS-HIST-001"}).json()["items"]
    sent(service, "there", -1, "presence")
    known = service.clock.now().isoformat()
    before = detail(service, listed["violation"], as_of=known)
    changed = crossed("out", 8, "exit", vehicle__plate="ZZZ999")
    assert corrected(service, crossing, changed).status_code == 201
    assert detail(service, listed["violation"], as_of=known) == before
    assert detail(service, listed["violation"])["decision"] != before["decision"]


def test_what_is_found_again_needs_no_review_any_more(service: Service) -> None:
    _, violation = entered_twice(service)
    decide(service, violation, "confirmed")
    late = sent(service, "late-exit", 2, "exit")
    assert detail(service, violation)["needs_review"]
    withdrawn(service, late["crossing"])
    told = detail(service, violation)
    assert (told["status"], told["needs_review"]) == ("confirmed", False)
    assert [(each["actor"], each["needs_review"]) for each in told["changes"]] == [
        ("officer 7", False),
        ("engine", True),
        ("engine", False),
    ]


def test_a_delayed_copy_of_an_earlier_correction_does_not_undo_a_later_one(service: Service) -> None:
    crossing = sent(service, "one", 0, "entry")["crossing"]
    first, second = crossed("one", 1, "entry"), crossed("one", 2, "entry")
    assert corrected(service, crossing, first).headers["x-revision"] == "2"
    assert corrected(service, crossing, second).headers["x-revision"] == "3"
    refused = corrected(service, crossing, first)
    assert refused.status_code == 409
    assert "revision 2" in refused.json()["detail"]
    assert '"revises": 3' in refused.json()["detail"]
    assert corrected(service, crossing, first, revises=3).headers["x-revision"] == "4"


def test_a_delayed_copy_of_a_withdrawal_does_not_undo_the_correction_after_it(service: Service) -> None:
    crossing = sent(service, "one", 0, "entry")["crossing"]
    assert withdrawn(service, crossing).status_code == 201
    assert corrected(service, crossing, crossed("one", 0, "entry")).status_code == 201
    assert withdrawn(service, crossing).status_code == 409
    assert not service.get(f"/v1/crossings/{crossing}").json()["withdrawn"]


@pytest.mark.parametrize("late", ["presence", "exit"])
def test_what_a_retired_rule_found_is_left_to_an_officer_when_history_changes(
    service: Service, tmp_path: Path, late: str
) -> None:
    """Nobody has judged again by that rule: it cannot be said that the violation no longer holds."""
    _, violation = entered_twice(service)
    rules = copytree(RULES, tmp_path / "rules")
    retired = rules / "RUS/stay/RUS-HIST-003.yaml"
    retired.write_text(retired.read_text().replace("status: active", "status: retired"))
    put_in_force(service.services.database, rules, service.clock.now(), "tests")
    url, clock = service.url, service.clock
    with serving(url, rules, clock) as later:
        sent(later, "late", 2, late)
        told = detail(later, violation)
        assert (told["status"], told["needs_review"]) == ("open", True)
        assert "no longer in force" in told["changes"][-1]["reason"]


def test_a_retired_rule_accuses_nobody_whom_the_corrected_event_does_not_name(service: Service, tmp_path: Path) -> None:
    crossing, violation = entered_twice(service)
    rules = copytree(RULES, tmp_path / "rules")
    retired = rules / "RUS/stay/RUS-HIST-003.yaml"
    retired.write_text(retired.read_text().replace("status: active", "status: retired"))
    put_in_force(service.services.database, rules, service.clock.now(), "tests")
    with serving(service.url, rules, service.clock) as later:
        corrected(later, crossing, crossed("in-again", 20, "entry", **OTHER))
        assert detail(later, violation)["status"] == "superseded"


def test_a_person_is_the_same_at_another_place_of_the_event(service: Service) -> None:
    """What an officer dismissed does not come back because persons were sent in another order."""
    one, other = (crossed("x", 0, "entry", **changes)["persons"][0] for changes in ({}, OTHER))
    sent(service, "in", 0, "entry", persons=[one, other])
    crossing = sent(service, "in-again", 20, "entry", persons=[one])["crossing"]
    (listed,) = service.get("/v1/violations").json()["items"]
    decide(service, listed["violation"], "dismissed")
    corrected(service, crossing, crossed("in-again", 20, "entry", persons=[other, one]))
    items = service.get("/v1/violations").json()["items"]
    assert sorted((each["subject"]["key"], each["subject"]["index"], each["status"]) for each in items) == [
        ("CHN:E12345678", 1, "dismissed"),
        ("CHN:E777", 0, "open"),
    ]
    told = detail(service, listed["violation"])
    assert (told["facts"]["subject.nationality"], told["subject"]["index"]) == ("CHN", 1)


def test_a_violation_is_succeeded_by_one_of_the_same_person_or_of_who_stands_in_its_place(service: Service) -> None:
    one, other = (crossed("x", 0, "entry", **changes)["persons"][0] for changes in ({}, OTHER))
    sent(service, "in", 0, "entry", persons=[one, other])
    crossing = sent(service, "in-again", 20, "entry", persons=[one, other])["crossing"]
    first = {each["subject"]["key"]: each["violation"] for each in service.get("/v1/violations").json()["items"]}
    # On another day both are found otherwise, and stand in another order.
    corrected(service, crossing, crossed("in-again", 21, "entry", persons=[other, one]))
    items = service.get("/v1/violations", params={"status": "open"}).json()["items"]
    second = {each["subject"]["key"]: each["violation"] for each in items}
    for key in first:
        assert detail(service, first[key])["changes"][-1]["superseded_by"] == second[key]


def test_a_reason_that_changes_alone_is_told_anew(service: Service) -> None:
    there = sent(service, "there", 5, "presence")["crossing"]
    out = sent(service, "out", 8, "exit")["crossing"]
    corrected(service, there, crossed("there", 6, "presence"))
    newest, first = service.get(f"/v1/crossings/{out}").json()["decisions"]
    assert newest["facts"] == first["facts"]
    told = [orjson.dumps(each["findings"][0]["explanation"]).decode() for each in (newest, first)]
    assert ['"day":"2026-03-07"' in each for each in told] == [True, False]


def test_later_crossings_of_whom_an_unreadable_event_named_are_judged_again(service: Service) -> None:
    """An event of days of another rulebook, which today's cannot read, still names its subjects."""
    first = sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry")
    with transaction(service.services.database) as tx:
        _spoil(tx, "in")
    assert corrected(service, first["crossing"], crossed("in", 0, "entry", **OTHER)).status_code == 201
    assert found(service, status="open") == []


def test_stays_are_told_although_the_last_event_cannot_be_read_any_more(service: Service) -> None:
    sent(service, "in", 0, "entry")
    with transaction(service.services.database) as tx:
        _spoil(tx, "in")
    told = service.get("/v1/subjects/CHN:E12345678/stays", params={"on": "2026-03-05", "rolling": "90/180"})
    assert (told.status_code, len(told.json()["days"]), len(told.json()["limits"])) == (200, 5, 1)
