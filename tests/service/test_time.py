"""Late events, corrections and withdrawals over the API: what follows from them, and what was known before."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response

from app.audit import log
from app.crossings import records as crossings
from app.evaluation import pipeline
from app.evaluation.engine import Engine, Prepared
from app.identity.roles import Role
from app.storage.engine import connect, reading, transaction
from app.violations import records as violations
from app.vocabulary.codes import Outcome
from tests.factories import OMIT, event
from tests.service.histories import RULES, SECONDS
from tests.service.serving import Service, a_change, serving

FIRST = datetime(2026, 3, 1, 3, tzinfo=UTC)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with serving(database_url, RULES) as running:
        yield running


def crossed(name: str, day: int, direction: str, **changes: object) -> dict[str, Any]:
    at = (FIRST + timedelta(days=day)).isoformat()
    return event(id=name, occurred_at=at, direction=direction, persons__0__visa=None, **changes)


def sent(service: Service, name: str, day: int, direction: str, **changes: object) -> dict[str, Any]:
    service.clock.move(timedelta(minutes=1))
    answer: dict[str, Any] = service.post(crossed(name, day, direction, **changes)).json()
    settled(service)
    return answer


def settled(service: Service) -> None:
    """Wait until nothing is due any more."""
    service.services.pipeline.wake().result(SECONDS)
    deadline = time.monotonic() + SECONDS
    while service.get("/readyz").json()["rederivation"]["waiting"]:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def corrected(service: Service, crossing: str, body: object, role: Role = Role.CHECKPOINT, **more: object) -> Response:
    service.clock.move(timedelta(minutes=1))
    answer = service.post({"reason": "misread", "event": body, **more}, role, f"/v1/crossings/{crossing}/corrections")
    settled(service)
    return answer


def withdrawn(service: Service, crossing: str, role: Role = Role.CHECKPOINT) -> Response:
    service.clock.move(timedelta(minutes=1))
    answer = service.post({"reason": "sent by a test"}, role, f"/v1/crossings/{crossing}/withdrawal")
    settled(service)
    return answer


def found(service: Service, **filters: object) -> list[tuple[str, str, str]]:
    items = service.get("/v1/violations", params=filters).json()["items"]
    return sorted((each["id"], each["rule"], each["status"]) for each in items)


# --- late events --------------------------------------------------------------------------------------------


def test_a_late_exit_ends_the_stay_and_supersedes_what_rested_on_its_absence(service: Service) -> None:
    sent(service, "in", 0, "entry")
    again = sent(service, "in-again", 20, "entry")
    assert found(service) == [("in-again", "RUS-HIST-003", "open")]
    late = sent(service, "late-exit", 2, "exit")
    assert found(service) == [("in-again", "RUS-HIST-003", "superseded")]
    crossing = service.get(f"/v1/crossings/{again['crossing']}").json()
    newest, first = crossing["decisions"]
    assert (newest["cause"], newest["outcome"], first["outcome"]) == ("late_event", "compliant", "violation")
    assert newest["caused_by"] == late["crossing"]
    assert not crossing["due"]


def test_the_sender_is_told_the_first_answer_however_often_it_was_judged_since(service: Service) -> None:
    sent(service, "in", 0, "entry")
    answer = sent(service, "in-again", 20, "entry")
    sent(service, "late-exit", 2, "exit")
    response = service.post(crossed("in-again", 20, "entry"))
    assert (response.status_code, response.json()) == (200, answer)


def test_a_new_violation_appears_with_the_day_it_became_known(service: Service) -> None:
    exit_ = sent(service, "out", 8, "exit")
    assert exit_["outcome"] == "undetermined"
    assert exit_["findings"][0]["reasons"] == {"stay.days_in_10": {"reason": "no_entry_on_record", "day": "2026-03-09"}}
    before = service.clock.now()
    sent(service, "late-entry", 1, "entry")
    (listed,) = service.get("/v1/violations", params={"rule": "RUS-HIST-001"}).json()["items"]
    assert datetime.fromisoformat(listed["created_at"]) > before
    assert found(service, as_of=before.isoformat()) == []


def test_what_officers_decided_is_never_overwritten_but_flagged_for_review(service: Service) -> None:
    sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry")
    (violation,) = service.get("/v1/violations").json()["items"]
    database = connect(service.url)
    with transaction(database) as tx:
        now = service.clock.now()
        violations.change(tx, [a_change(violation["violation"], now, Outcome.CONFIRMED)])
    database.dispose()
    sent(service, "late-exit", 2, "exit")
    detail = service.get(f"/v1/violations/{violation['violation']}").json()
    assert (detail["status"], detail["needs_review"]) == ("confirmed", True)
    assert [(each["actor"], each["status"], each["needs_review"]) for each in detail["changes"]] == [
        ("officer 7", "confirmed", False),
        ("engine", "confirmed", True),
    ]


def test_a_dismissed_violation_stays_dismissed_while_the_same_is_found_again(service: Service) -> None:
    sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry")
    (violation,) = service.get("/v1/violations").json()["items"]
    database = connect(service.url)
    with transaction(database) as tx:
        violations.change(tx, [a_change(violation["violation"], service.clock.now(), Outcome.DISMISSED)])
    database.dispose()
    sent(service, "earlier", -3, "exit")
    assert found(service, rule="RUS-HIST-003") == [("in-again", "RUS-HIST-003", "dismissed")]


def test_a_crossing_judged_again_many_times_is_read_page_by_page(service: Service) -> None:
    sent(service, "in", 0, "entry")
    again = sent(service, "in-again", 20, "entry")["crossing"]
    (violation,) = service.get("/v1/violations").json()["items"]
    judged_again(service, again, 119)
    path, seen = f"/v1/crossings/{again}", []
    following: str | None = path
    while following:
        response = service.get(following)
        page = response.json()
        assert (page["decisions_total"], page["date"]) == (120, "2026-03-21")
        assert response.links.get("next", {}).get("url") == page["next"]
        seen.append([each["caused_by"] for each in page["decisions"]])
        following = page["next"]
    assert [len(each) for each in seen] == [50, 50, 20]
    assert [name for each in seen for name in each] == [f"cause-{number}" for number in range(120, 1, -1)] + [None]
    known = service.clock.now().isoformat()
    then = service.get(path, params={"as_of": known}).json()
    assert (then["decisions_total"], [each["caused_by"] for each in then["decisions"]], then["next"]) == (
        1,
        [None],
        None,
    )
    assert service.get(path, params={"cursor": 0}).status_code == 422
    # The finding it was made of is that of the first decision.
    shown = service.get(f"/v1/violations/{violation['violation']}")
    assert (shown.status_code, shown.json()["decision"]) == (200, "judged-120")
    earlier = service.get(f"/v1/violations/{violation['violation']}", params={"as_of": known}).json()
    assert earlier["decision"] == then["decisions"][0]["decision"]


def judged_again(service: Service, crossing: str, times: int) -> None:
    """Store the decision on it so many times again, a minute after now."""
    with transaction(service.services.database) as tx:
        first = crossings.get(tx, crossing).decisions[0]
        at = service.clock.now() + timedelta(minutes=1)
        for number in range(2, times + 2):
            findings = tuple(replace(each, id=f"finding-{number}-{place}") for place, each in enumerate(first.findings))
            made = {"id": f"judged-{number}", "number": number, "caused_by": f"cause-{number}", "evaluated_at": at}
            crossings.store_decisions(tx, [(crossing, replace(first, **made, findings=findings))])  # type: ignore[arg-type] # as the members are


# --- corrections --------------------------------------------------------------------------------------------


def test_a_correction_replaces_the_event_and_what_was_known_stays_on_record(service: Service) -> None:
    answer = sent(service, "one", 0, "entry")
    known = service.clock.now()
    response = corrected(service, answer["crossing"], crossed("one", 1, "exit"))
    assert (response.status_code, response.headers["x-revision"]) == (201, "2")
    path = f"/v1/crossings/{answer['crossing']}"
    now, then = service.get(path).json(), service.get(path, params={"as_of": known.isoformat()}).json()
    assert (now["event"]["direction"], now["revision"], now["date"]) == ("exit", 2, "2026-03-02")
    assert (then["event"]["direction"], then["revision"], then["date"]) == ("entry", 1, "2026-03-01")
    assert [each["reason"] for each in now["revisions"]] == [None, "misread"]
    assert [each["cause"] for each in now["decisions"]] == ["correction", "received"]
    assert [each["cause"] for each in then["decisions"]] == ["received"]
    assert service.get(path, params={"as_of": "2020-01-01T00:00:00Z"}).status_code == 404


def test_a_violation_found_otherwise_is_superseded_with_a_link_to_its_successor(service: Service) -> None:
    sent(service, "in", 0, "entry")
    again = sent(service, "in-again", 20, "entry")
    known = service.clock.now()
    corrected(service, again["crossing"], crossed("in-again", 21, "entry"))
    assert [status for _, _, status in found(service)] == ["open", "superseded"]
    assert found(service, as_of=known.isoformat()) == [("in-again", "RUS-HIST-003", "open")]
    assert found(service, as_of=known.isoformat(), status="superseded") == []
    (old,) = service.get("/v1/violations", params={"status": "superseded"}).json()["items"]
    (new,) = service.get("/v1/violations", params={"status": "open"}).json()["items"]
    detail = service.get(f"/v1/violations/{old['violation']}").json()
    assert [each["superseded_by"] for each in detail["changes"]] == [new["violation"]]
    assert (old["date"], new["date"]) == ("2026-03-21", "2026-03-22")
    then = service.get(f"/v1/violations/{old['violation']}", params={"as_of": known.isoformat()}).json()
    assert (then["status"], then["changes"]) == ("open", [])
    refused = service.get(f"/v1/violations/{new['violation']}", params={"as_of": known.isoformat()})
    assert refused.status_code == 404


def test_later_crossings_of_whoever_the_event_named_before_and_names_now_are_judged_again(service: Service) -> None:
    first = sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry")
    other = {"persons__0__document__number": "E777"}
    sent(service, "the-other", 21, "entry", **other)
    assert [name for name, _, _ in found(service, status="open")] == ["in-again"]
    corrected(service, first["crossing"], crossed("in", 0, "entry", **other))
    assert [name for name, _, _ in found(service, status="open")] == ["the-other"]


def test_a_corrected_event_that_comes_again_is_answered_as_at_first_and_told_to_be_an_older_revision(
    service: Service,
) -> None:
    first, body = sent(service, "one", 0, "entry"), crossed("one", 0, "entry")
    assert "x-revision" not in service.post(body).headers
    corrected(service, first["crossing"], crossed("one", 1, "entry"))
    again = service.post(body)
    assert (again.status_code, again.json(), again.headers["x-revision"]) == (200, first, "2")


def test_the_same_correction_again_changes_nothing(service: Service) -> None:
    answer = sent(service, "one", 0, "entry")
    first = corrected(service, answer["crossing"], crossed("one", 1, "entry"))
    second = corrected(service, answer["crossing"], crossed("one", 1, "entry"))
    assert (second.status_code, second.content, second.headers["x-revision"]) == (200, first.content, "2")
    assert service.count("decisions") == 2


def test_a_correction_of_what_is_not_the_newest_is_in_conflict(service: Service) -> None:
    answer = sent(service, "one", 0, "entry")
    assert corrected(service, answer["crossing"], crossed("one", 1, "entry"), revises=1).status_code == 201
    refused = corrected(service, answer["crossing"], crossed("one", 2, "entry"), revises=1)
    assert (refused.status_code, service.count("decisions")) == (409, 2)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "x"}, "/event"),
        ({"event": event()}, "/reason"),
        ({"reason": "", "event": event()}, "/reason"),
        ({"reason": "x", "event": event(id="another")}, "/event/id"),
        ({"reason": "x", "event": event(source="another")}, "/event/source"),
        ({"reason": "x", "event": event(direction="up")}, "/event/direction"),
        ({"reason": "x", "event": event(checkpoint="RUS-NOWHERE")}, "/event/checkpoint"),
        ({"reason": "x", "event": event(), "revise": 1}, "/revise"),
        ({"reason": "x", "event": event(), "revises": "1"}, "/revises"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused_with_its_place_and_changes_nothing(
    service: Service, body: dict[str, Any], pointer: str
) -> None:
    crossing = service.post(event()).json()["crossing"]
    refused = service.post(body, path=f"/v1/crossings/{crossing}/corrections")
    assert refused.status_code == 422
    assert pointer in [each["pointer"] for each in refused.json()["errors"]]
    assert (service.count("decisions"), service.count("crossing_revisions")) == (1, 0)


def test_an_event_of_the_future_is_no_correction(service: Service) -> None:
    answer = sent(service, "one", 0, "entry")
    assert corrected(service, answer["crossing"], crossed("one", 600, "entry")).status_code == 422


def test_a_key_corrects_only_what_its_sources_sent_and_an_officer_anything(service: Service) -> None:
    answer = service.post(event(id="theirs", source="kaz-khorgos-1"), Role.ADMIN).json()
    body = event(id="theirs", source="kaz-khorgos-1", direction="exit")
    refused = corrected(service, answer["crossing"], body)
    assert (refused.status_code, "kaz" in refused.text) == (404, False)
    assert corrected(service, answer["crossing"], body, Role.OFFICER).status_code == 201
    assert withdrawn(service, answer["crossing"]).status_code == 404
    assert corrected(service, "none", body, Role.OFFICER).status_code == 404


# --- withdrawals --------------------------------------------------------------------------------------------


def test_a_withdrawn_event_is_no_part_of_any_history_and_stays_on_record(service: Service) -> None:
    first = sent(service, "in", 0, "entry")
    again = sent(service, "in-again", 20, "entry")
    response = withdrawn(service, first["crossing"])
    assert (response.status_code, response.json()["outcome"]) == (201, "withdrawn")
    assert found(service) == [("in-again", "RUS-HIST-003", "superseded")]
    assert withdrawn(service, first["crossing"]).status_code == 200
    shown = service.get(f"/v1/crossings/{first['crossing']}").json()
    assert (shown["withdrawn"], shown["subjects"], shown["event"]["id"]) == (True, [], "in")
    assert service.post(crossed("in", 0, "entry")).json() == first
    assert withdrawn(service, again["crossing"]).status_code == 201
    assert service.get("/v1/subjects/CHN:E12345678").status_code == 404


def test_a_withdrawn_event_can_be_reinstated_by_a_correction(service: Service) -> None:
    first = sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry")
    withdrawn(service, first["crossing"])
    assert corrected(service, first["crossing"], crossed("in", 0, "entry")).headers["x-revision"] == "3"
    assert found(service) == [("in-again", "RUS-HIST-003", "open"), ("in-again", "RUS-HIST-003", "superseded")]


def test_corrections_and_withdrawals_are_in_the_audit_log_and_its_chain_holds(service: Service) -> None:
    answer = sent(service, "one", 0, "entry")
    corrected(service, answer["crossing"], crossed("one", 1, "entry"))
    withdrawn(service, answer["crossing"])
    with reading(service.services.database) as tx:
        rows = tx.exec_driver_sql("SELECT action, object FROM audit_log ORDER BY number").all()
        assert [tuple(row) for row in rows] == [("correction", answer["crossing"]), ("withdrawal", answer["crossing"])]
        assert list(log.broken(tx)) == []
    with transaction(service.services.database) as tx:
        tx.exec_driver_sql("UPDATE audit_log SET actor = 'nobody' WHERE number = 1")
    with reading(service.services.database) as tx:
        assert list(log.broken(tx)) == [1]


def test_what_somebody_wrote_is_in_the_audit_log_as_a_digest_alone(service: Service) -> None:
    """Nothing can be taken out of the log: a reason that names a person would stay for ever."""
    first, _ = sent(service, "one", 0, "entry"), sent(service, "two", 1, "exit", persons__0__document__number="E2")
    why = "it was Anna Eriksson"
    path = f"/v1/crossings/{first['crossing']}"
    link = service.post({"reason": why, "other": "CHN:E12345678"}, Role.OFFICER, "/v1/subjects/CHN:E2/links").json()
    ended = service.post({"reason": why}, Role.OFFICER, f"/v1/links/{link['link']}/end").json()
    service.post({"reason": why, "event": crossed("one", 2, "entry")}, path=f"{path}/corrections")
    service.post({"reason": why}, path=f"{path}/withdrawal")
    told = service.get(path).json()["revisions"]
    assert [link["reason"], ended["end_reason"], *(each["reason"] for each in told)] == [why, why, None, why, why]
    with reading(service.services.database) as tx:
        details = tx.exec_driver_sql("SELECT detail FROM audit_log ORDER BY number").scalars().all()
    digest = hashlib.sha256(why.encode()).hexdigest()
    assert len(details) == 4
    assert all("Eriksson" not in str(each) and digest in str(each) for each in details)


# --- subjects -----------------------------------------------------------------------------------------------


def test_stays_are_counted_one_by_one_with_what_remains(service: Service) -> None:
    sent(service, "in", 0, "entry")
    sent(service, "out", 2, "exit")
    sent(service, "in-again", 5, "entry")
    path = "/v1/subjects/CHN:E12345678/stays"
    told = service.get(path, params={"on": "2026-03-07", "rolling": ["7/10"], "per_entry": ["5"]}).json()
    assert told["territory"] == "RUS"
    assert told["days"] == [f"2026-03-0{day}" for day in (1, 2, 3, 6, 7)]
    rolling, entry = (each for each in told["limits"] if each["rule"] is None)
    assert rolling["least"] == {
        "days_used": 5,
        "days_remaining": 2,
        "last_lawful_day": "2026-03-09",
        "overstay_days": 0,
        "first_violation_day": None,
    }
    assert (rolling["known"], entry["least"]["last_lawful_day"]) == (True, "2026-03-10")


def test_limits_of_the_rules_that_applied_are_told_without_being_asked_for(service: Service) -> None:
    sent(service, "in", 0, "entry")
    sent(service, "out", 2, "exit")
    told = service.get("/v1/subjects/CHN:E12345678/stays", params={"on": "2026-03-03"}).json()
    assert {(each["rule"], each["limit"]) for each in told["limits"]} >= {("RUS-HIST-001", "rolling 5/10")}


def test_a_stay_whose_entry_is_not_on_record_is_told_with_its_bounds(service: Service) -> None:
    sent(service, "out", 2, "exit")
    told = service.get("/v1/subjects/CHN:E12345678/stays", params={"on": "2026-03-03", "rolling": ["5/10"]}).json()
    (stay,) = told["stays"]
    assert (stay["entry"], stay["earliest"]) == (None, None)
    assert stay["lacks"] == {"reason": "no_entry_on_record", "day": "2026-03-03"}
    limit = next(each for each in told["limits"] if each["rule"] is None)
    assert (limit["known"], limit["least"]["days_used"], limit["most"]) == (False, 1, None)


@pytest.mark.parametrize(
    "query", ["rolling=90", "rolling=90/80", "territory=XX", "calendar_year=400", "days=3", "on=2026-02-30"]
)
def test_a_limit_that_makes_no_sense_is_refused(service: Service, query: str) -> None:
    sent(service, "in", 0, "entry")
    assert service.get(f"/v1/subjects/CHN:E12345678/stays?{query}").status_code == 422


def test_a_new_passport_of_the_same_holder_continues_the_history_and_the_link_can_be_undone(service: Service) -> None:
    renewed = {"persons__0__document__number": "E2", "persons__0__document__issued_on": "2026-03-10"}
    sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry", **renewed)
    assert found(service, status="open") == [("in-again", "RUS-HIST-003", "open")]
    subject = service.get("/v1/subjects/CHN:E2").json()
    assert subject["keys"] == ["CHN:E12345678", "CHN:E2"]
    (link,) = subject["links"]
    assert (link["ground"], link["made_by"], link["same"]) == ("exact_match", "engine", True)
    ended = service.post({"reason": "namesakes"}, Role.OFFICER, f"/v1/links/{link['link']}/end")
    assert (ended.status_code, ended.json()["ended_at"] is not None) == (200, True)
    settled(service)
    assert found(service, status="open") == []
    sent(service, "out", 21, "exit", **renewed)
    assert service.get("/v1/subjects/CHN:E2").json()["keys"] == ["CHN:E2"]


def test_an_officer_links_two_keys_and_all_their_crossings_are_judged_again(service: Service) -> None:
    other = {"persons__0__document__number": "E2", "persons__0__surname": "OTHER"}
    sent(service, "in", 0, "entry")
    sent(service, "in-again", 20, "entry", **other)
    assert found(service) == []
    body = {"other": "CHN:E12345678", "reason": "old passport shown"}
    made = service.post(body, Role.OFFICER, "/v1/subjects/CHN:E2/links")
    assert made.status_code == 201
    settled(service)
    assert found(service) == [("in-again", "RUS-HIST-003", "open")]
    apart = service.post(body | {"same": False}, Role.OFFICER, "/v1/subjects/CHN:E2/links")
    settled(service)
    assert (apart.status_code, found(service)) == (201, [("in-again", "RUS-HIST-003", "superseded")])
    assert service.post(body, Role.CHECKPOINT, "/v1/subjects/CHN:E2/links").status_code == 403
    for wrong in ({"other": "CHN:E2", "reason": "x"}, {"other": "CHN:E12345678"}):
        assert service.post(wrong, Role.OFFICER, "/v1/subjects/CHN:E2/links").status_code == 422
    nobody = {"other": "CHN:NOBODY", "reason": "x"}
    assert service.post(nobody, Role.OFFICER, "/v1/subjects/CHN:E2/links").status_code == 404
    with reading(service.services.database) as tx:
        assert list(log.broken(tx)) == []
        assert tx.exec_driver_sql("SELECT count(*) FROM audit_log").scalar_one() == 2


def test_documents_in_use_side_by_side_are_not_taken_for_one_persons(service: Service) -> None:
    sent(service, "in", 0, "entry")
    sent(service, "twin", 1, "entry", persons__0__document__number="E2", persons__0__document__issued_on="2020-01-01")
    assert service.get("/v1/subjects/CHN:E2").json()["keys"] == ["CHN:E2"]


def test_a_later_passport_that_follows_two_in_use_side_by_side_joins_neither(service: Service) -> None:
    """Namesakes: whose the third is nobody but an officer can say."""
    for name, day, direction, number in [
        ("one-in", 0, "entry", "E1"),
        ("two-in", 1, "entry", "E2"),
        ("one-out", 2, "exit", "E1"),
        ("two-out", 3, "exit", "E2"),
    ]:
        changes = {"persons__0__document__number": number, "persons__0__document__issued_on": "2020-01-01"}
        sent(service, name, day, direction, **changes)
    sent(service, "new", 30, "entry", persons__0__document__number="E3", persons__0__document__issued_on="2026-03-20")
    keys = [service.get(f"/v1/subjects/CHN:E{number}").json()["keys"] for number in (1, 2, 3)]
    assert keys == [["CHN:E1"], ["CHN:E2"], ["CHN:E3"]]
    assert found(service, status="open") == []


def test_a_link_that_is_recorded_is_answered_even_if_the_queue_is_full(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(service, "in", 0, "entry")
    sent(service, "out", 1, "exit", persons__0__document__number="E2", persons__0__document__issued_on="2020-01-01")
    with monkeypatch.context() as full:
        full.setattr(pipeline, "_WAITING", 0)
        body = {"other": "CHN:E12345678", "reason": "old passport shown"}
        assert service.post(body, Role.OFFICER, "/v1/subjects/CHN:E2/links").status_code == 201
    settled(service)
    assert service.get("/v1/subjects/CHN:E2").json()["keys"] == ["CHN:E12345678", "CHN:E2"]


# --- evaluation without storing -----------------------------------------------------------------------------


def test_who_may_read_crossings_evaluates_by_what_is_on_record_and_authors_do_not(service: Service) -> None:
    sent(service, "in", 0, "entry")
    body = crossed("tried", 20, "entry")
    rules = {
        role: {each["rule"] for each in service.post(body, role, "/v1/evaluate").json()["findings"]}
        for role in (Role.OFFICER, Role.AUTHOR)
    }
    assert rules == {Role.OFFICER: {"RUS-HIST-003"}, Role.AUTHOR: set()}
    assert service.count("crossings") == 1


def test_a_person_without_a_document_number_has_no_history_and_it_is_said_so(service: Service) -> None:
    answer = sent(service, "in", 0, "exit", persons__0__document__number=OMIT)
    reasons = [each["reasons"] for each in answer["findings"] if each["rule"] == "RUS-HIST-001"]
    assert reasons == [{"stay.days_in_10": {"reason": "no_key"}}]


# --- what cannot be judged again ----------------------------------------------------------------------------


def test_a_crossing_that_cannot_be_judged_again_is_set_aside_and_keeps_no_other_from_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = sent(service, "poisoned", 10, "entry")["crossing"]
    sent(service, "in-again", 20, "entry", persons__0__document__number="E2")
    judge = Engine.judge

    def refusing(self: Engine, prepared: Prepared, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 (as what it stands for)
        if prepared.crossing == poisoned:
            raise RuntimeError("cannot be judged")
        return judge(self, prepared, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "judge", refusing)
        first = event(id="first", occurred_at="2026-02-01T03:00:00Z", persons__0__visa=None)
        second = event(id="second", occurred_at="2026-02-02T03:00:00Z", persons__0__visa=None)
        second["persons"][0]["document"]["number"] = "E2"
        for each in (first, second):
            service.post(each)
        settled(service)
        assert service.get("/readyz").json()["rederivation"]["faulty"] == 1
        assert service.get(f"/v1/crossings/{poisoned}").json()["due"]
        assert found(service, status="open") == [("in-again", "RUS-HIST-003", "open")]
    with serving(service.url, RULES) as restarted:
        settled(restarted)
        assert restarted.get("/readyz").json()["rederivation"] == {"waiting": 0, "since": None, "faulty": 0}
        assert [name for name, _, _ in found(restarted, status="open")] == ["in-again", "poisoned"]


def test_a_number_that_lanes_enter_for_everybody_is_nobodys_history(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.crossings.history.MOST_LEGS", 3)
    for day in range(4):
        sent(service, f"crossed-{day}", day, "entry")
    answer = sent(service, "last", 6, "exit")
    (told,) = {next(iter(each["reasons"].values()))["reason"] for each in answer["findings"] if each["reasons"]}
    assert (answer["outcome"], told) == ("undetermined", "more_crossings_than_one_subject_makes")


def test_names_of_too_many_documents_are_nobodys(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.evaluation.past._MOST_DOCUMENTS", 4)
    for number in range(6):
        issued = (FIRST + timedelta(days=20 * number - 1)).date().isoformat()
        changes = {"persons__0__document__number": f"E{number}", "persons__0__document__issued_on": issued}
        sent(service, f"crossed-{number}", 20 * number, "entry", **changes)
        keys = service.get("/v1/subjects/CHN:E0").json()["keys"]
        assert len(keys) == (number + 1 if number < 3 else 1)
