"""Officers at work: sessions, the next case, decisions and what follows from them, remits, files, sleeping rules."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.audit import log
from app.identity import users
from app.identity.remit import Remit
from app.identity.roles import Role
from app.storage.engine import reading, transaction
from app.storage.tables import audit_log
from app.violations.workflow import REPLY_DAYS
from tests.factories import event
from tests.service.serving import EXPIRED, PASSWORD, Person, Service, serving

PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        yield running


@pytest.fixture
def alone(database_url: str) -> Iterator[Service]:
    """With nothing in its queue yet."""
    with serving(database_url) as running:
        yield running


_numbers = iter(range(10_000))


def found(service: Service, **changes: object) -> str:
    """A new violation: an expired document of somebody new."""
    number = f"E{next(_numbers):08}"
    document = {"persons__0__document__number": number, "persons__0__document__expires_on": EXPIRED}
    answer = service.post(event(**{"id": number, **document, **changes})).json()
    return str(next(each["violation"] for each in answer["findings"] if each["violation"]))


@pytest.fixture(scope="module")
def officer(service: Service) -> Person:
    return service.person("officer")


@pytest.fixture(scope="module")
def second(service: Service) -> Person:
    return service.person("second")


@pytest.fixture(scope="module")
def supervisor(service: Service) -> Person:
    return service.person("supervisor", Role.SUPERVISOR)


def detail(person: Person, violation: str) -> Any:  # noqa: ANN401 (any JSON)
    return person.get(f"/v1/violations/{violation}").json()


# --- sessions -----------------------------------------------------------------------------------------------


def test_who_signs_in_is_known_until_signing_out(service: Service, officer: Person) -> None:
    told = officer.get("/v1/session").json()
    assert (told["login"], told["role"], told["checkpoints"]) == ("officer", "officer", [])
    leaving = service.person("leaving")
    assert service.client.delete("/v1/session", headers=leaving.header).status_code == 204
    assert leaving.get("/v1/session").status_code == 401


def test_the_cookie_is_for_this_service_alone_and_no_script(service: Service) -> None:
    service.person("careful")
    answer = service.client.post("/v1/session", json={"login": "careful", "password": PASSWORD})
    service.client.cookies.clear()
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert PASSWORD not in answer.text


def test_a_session_ends_after_a_working_day(alone: Service) -> None:
    person = alone.person("tired")
    alone.clock.move(users.LASTS - timedelta(seconds=1))
    assert person.get("/v1/session").status_code == 200
    alone.clock.move(timedelta(seconds=1))
    assert person.get("/v1/session").status_code == 401


def test_a_wrong_password_says_no_more_than_a_wrong_name_and_guessing_costs_time(alone: Service) -> None:
    alone.person("somebody")

    def told(login: str, password: str) -> tuple[int, str]:
        answer = alone.client.post("/v1/session", json={"login": login, "password": password})
        alone.client.cookies.clear()
        return answer.status_code, answer.json().get("detail", "")

    assert told("somebody", "wrong") == told("nobody", "wrong")
    for _ in range(4):
        assert told("somebody", "wrong")[0] == 401
    assert told("somebody", PASSWORD)[0] == 401
    alone.clock.move(timedelta(minutes=1, seconds=1))
    assert told("somebody", PASSWORD)[0] == 200


def test_a_disabled_account_is_out_at_once(service: Service) -> None:
    gone = service.person("gone")
    with transaction(service.services.database) as tx:
        users.disable(tx, "gone", service.clock.now())
    assert gone.get("/v1/session").status_code == 401
    assert service.client.post("/v1/session", json={"login": "gone", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_no_other_site_can_make_a_browser_decide(
    service: Service, officer: Person, header: dict[str, str], status: int
) -> None:
    path = f"/v1/violations/{found(service)}/transitions"
    answer = service.client.post(path, json={"action": "take"}, headers={**officer.header, **header})
    assert answer.status_code == status


# --- deciding -----------------------------------------------------------------------------------------------


def test_a_violation_is_taken_confirmed_and_closed_and_its_timeline_tells_by_whom(
    service: Service, officer: Person, second: Person
) -> None:
    violation = found(service)
    assert officer.do(violation, "take").json() == {"violation": violation, "status": "in_review"}
    assert officer.do(violation, "confirm", reason="the passport was seen").status_code == 200
    told = detail(officer, violation)
    assert (told["status"], told["outcome"], "close" in told["possible"]) == ("confirmed", "confirmed", True)
    assert officer.do(violation, "close", measure="fine", protocol="RU-17/2026").json()["status"] == "closed"
    told = detail(second, violation)
    assert (told["outcome"], told["protocol"]) == ("confirmed", "RU-17/2026")
    assert [(each["name"], each["action"], each["reason"]) for each in told["changes"]] == [
        ("The officer", "take", ""),
        ("The officer", "confirm", "the passport was seen"),
        ("The officer", "close", ""),
    ]
    listed = second.get("/v1/violations", params={"protocol": "RU-17/2026"}).json()["items"]
    assert [each["violation"] for each in listed] == [violation]
    # A remark changes nothing of what was decided.
    refused = second.do(violation, "comment", reason="seen", protocol="FAKE/9", measure="none")
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/measure", "/protocol"]
    assert detail(second, violation)["protocol"] == "RU-17/2026"
    # What somebody wrote of a person cannot be taken out of a chain again.
    with reading(service.services.database) as tx:
        rows = tx.execute(select(audit_log).where(audit_log.c.object == violation, audit_log.c.action.like("%close")))
        (entry,) = (row.detail for row in rows)
    assert entry["measure_sha256"] == log.digest("fine")
    assert "measure" not in entry


def test_what_cannot_be_done_is_refused_with_what_can(service: Service, officer: Person, second: Person) -> None:
    violation = found(service)
    refused = officer.do(violation, "confirm")
    assert refused.status_code == 409
    assert "`take`" in refused.json()["detail"]
    officer.do(violation, "take")
    refused = second.do(violation, "confirm")
    assert refused.status_code == 403
    assert "the officer who has it in hand" in refused.json()["detail"]
    missing = officer.do(violation, "dismiss")
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/ground")
    assert detail(officer, violation)["status"] == "in_review"


def test_a_key_decides_nothing(service: Service) -> None:
    violation = found(service)
    for role in (Role.OFFICER, Role.ADMIN):
        answer = service.post({"action": "take"}, role, f"/v1/violations/{violation}/transitions")
        assert answer.status_code == 403
        assert "signs in" in answer.json()["detail"]


def test_law_7_each_decision_is_in_the_audit_log_with_its_actor_and_the_chain_holds(
    service: Service, officer: Person, second: Person
) -> None:
    violation = found(service)
    for person, action, more in (
        (officer, "take", {}),
        (officer, "confirm", {}),
        (second, "appeal", {"reason": "a lawyer's letter"}),
        (second, "overturn", {"reason": "the passport was extended"}),
    ):
        assert person.do(violation, action, **more).status_code == 200
    with reading(service.services.database) as tx:
        assert list(log.broken(tx)) == []
        rows = tx.execute(select(audit_log).where(audit_log.c.object == violation).order_by(audit_log.c.number))
        entries = [(row.actor, row.action) for row in rows]
        unsigned = tx.exec_driver_sql(
            "SELECT count(*) FROM violations WHERE status NOT IN ('open', 'superseded', 'reopened') AND id NOT IN "
            "(SELECT violation FROM violation_changes WHERE actor IN (SELECT id FROM users))"
        ).scalar_one()
    assert entries == [
        (officer.id, "violation.take"),
        (officer.id, "violation.confirm"),
        (second.id, "violation.appeal"),
        (second.id, "violation.overturn"),
    ]
    assert unsigned == 0
    assert service.count("audit_log") >= 4


def test_a_decision_with_a_forged_entry_is_found_out(alone: Service) -> None:
    person = alone.person("officer")
    person.do(found(alone), "take")
    with transaction(alone.services.database) as tx:
        tx.exec_driver_sql("UPDATE audit_log SET actor = 'somebody else' WHERE action = 'violation.take'")
        assert list(log.broken(tx)) == [tx.execute(select(func.max(audit_log.c.number))).scalar_one()]


def test_several_are_handled_each_for_itself(service: Service, officer: Person, second: Person) -> None:
    one, other, theirs = (found(service) for _ in range(3))
    second.do(theirs, "take")
    answer = officer.post(
        "/v1/violations/transitions", {"violations": [one, theirs, "none", other], "action": "take"}
    ).json()
    assert [(each["status"], each["problem"] and each["problem"]["status"]) for each in answer["items"]] == [
        ("in_review", None),
        (None, 409),
        (None, 404),
        ("in_review", None),
    ]


def test_it_is_handed_over_only_to_whom_can_work_on_it(service: Service, officer: Person, second: Person) -> None:
    violation = found(service)
    officer.do(violation, "take")
    elsewhere = service.person("elsewhere", remit=Remit(("FIN",)))
    for to in ("nobody", elsewhere.id):
        assert officer.do(violation, "hand_over", to=to).status_code == 422
    assert officer.do(violation, "hand_over", to=second.id).status_code == 200
    assert second.do(violation, "confirm").status_code == 200


def test_the_persons_side_is_kept(service: Service, officer: Person) -> None:
    violation = found(service)
    today = service.clock.now().astimezone(ZoneInfo("Asia/Chita")).date()
    late = officer.do(violation, "issue_notice", reason="posted", reply_by=today.isoformat())
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/reply_by")
    soon = (today + timedelta(days=1)).isoformat()
    for more in ({}, {"reply_by": soon}):
        assert officer.do(violation, "issue_notice", reason="posted to the carrier", **more).status_code == 200
    officer.do(violation, "receive_rebuttal", reason="the document was extended at the consulate")
    officer.do(violation, "rectify", reason="the lane's scan was corrected")
    changes = detail(officer, violation)["changes"]
    assert [each["action"] for each in changes] == [*["issue_notice"] * 2, "receive_rebuttal", "rectify"]
    by_default = (today + timedelta(days=REPLY_DAYS)).isoformat()
    assert [each["detail"] for each in changes[:2]] == [{"reply_by": by_default}, {"reply_by": soon}]


def test_what_is_overdue_is_marked_and_found(alone: Service) -> None:
    person, violation = alone.person("officer"), found(alone)
    assert not detail(person, violation)["overdue"]
    alone.clock.move(timedelta(days=31))
    person = alone.person("later")
    assert detail(person, violation)["overdue"]
    assert len(person.get("/v1/violations", params={"overdue": True}).json()["items"]) == 1
    person.do(violation, "take")
    person.do(violation, "dismiss", ground="lawful_exception")
    assert person.get("/v1/violations", params={"overdue": True}).json()["items"] == []


# --- the next case ------------------------------------------------------------------------------------------


def test_two_officers_who_press_next_at_the_same_moment_never_get_the_same(alone: Service) -> None:
    for _ in range(200):
        found(alone)
    one, other = alone.person("one"), alone.person("other")

    def work(person: Person) -> list[str]:
        got = []
        while (answer := person.post("/v1/violations/next")).status_code == 200:
            got.append(answer.json()["violation"])
        assert answer.status_code == 204
        return got

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, (one, other))
    assert len({*first}) + len({*second}) == len({*first, *second}) == len(first) + len(second) == 200
    assert min(len(first), len(second)) > 20


def test_the_gravest_comes_first_then_the_oldest(alone: Service) -> None:
    person = alone.person("officer")
    minor = [found(alone, id=f"m{number}") for number in range(2)]
    with transaction(alone.services.database) as tx:
        tx.exec_driver_sql(f"UPDATE violations SET severity = 2 WHERE id = '{minor[1]}'")  # noqa: S608
    assert [person.post("/v1/violations/next").json()["violation"] for _ in minor] == [minor[1], minor[0]]


# --- remits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remit", [Remit(("FIN",)), Remit((), ("FIN-*",)), Remit(("RUS",), ("RUS-POGRANICHNY",))])
def test_nothing_is_seen_or_done_outside_the_remit(alone: Service, remit: Remit) -> None:
    violation = found(alone)
    crossing = alone.get(f"/v1/violations/{violation}").json()["crossing"]
    key = alone.get(f"/v1/violations/{violation}").json()["subject"]["key"]
    inside, outside = alone.person("inside", remit=Remit(("RUS",), ("RUS-*",))), alone.person("outside", remit=remit)
    for path in (
        f"/v1/violations/{violation}",
        f"/v1/crossings/{crossing}",
        f"/v1/subjects/{key}",
        f"/v1/subjects/{key}/stays",
    ):
        assert inside.get(path).status_code == 200
        assert outside.get(path).status_code == 404
    assert len(inside.get("/v1/violations").json()["items"]) == 1
    assert outside.get("/v1/violations").json()["items"] == []
    assert outside.post("/v1/violations/next").status_code == 204
    assert outside.do(violation, "take").status_code == 404
    correction = {"reason": "no", "event": event()}
    assert outside.post(f"/v1/crossings/{crossing}/corrections", correction).status_code == 404


# --- missing papers -----------------------------------------------------------------------------------------


def test_what_is_undetermined_is_listed_with_what_is_missing_until_it_is_told(alone: Service) -> None:
    person = alone.person("officer")
    body = event(id="incomplete")
    del body["persons"][0]["document"]["expires_on"]
    crossing = alone.post(body).json()["crossing"]
    items = person.get("/v1/undetermined").json()["items"]
    assert {each["crossing"] for each in items} == {crossing}
    assert "document.expires_on" in {path for each in items for path in each["missing"]}
    corrected = person.post(
        f"/v1/crossings/{crossing}/corrections", {"reason": "read again", "event": event(id="incomplete")}
    )
    assert corrected.status_code == 201
    after = person.get("/v1/undetermined").json()["items"]
    assert "document.expires_on" not in {path for each in after for path in each["missing"]}


# --- files and sleeping rules -------------------------------------------------------------------------------


def test_a_file_is_kept_with_its_violation_and_given_back_as_it_came(service: Service, officer: Person) -> None:
    violation = found(service)
    path = f"/v1/violations/{violation}/attachments"
    made = service.client.post(path, params={"name": "скан.pdf"}, content=PDF, headers=officer.header)
    assert (made.status_code, made.json()["media_type"]) == (201, "application/pdf")
    got = officer.get(f"/v1/attachments/{made.json()['attachment']}")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert detail(officer, violation)["changes"][0]["action"] == "attach"


@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", b""), ("a.pdf", b"<script>"), ("../a.pdf", PDF), (" ", PDF), ("a\n.pdf", PDF)]
)
def test_a_file_of_another_kind_is_refused_and_nothing_is_kept(
    service: Service, officer: Person, name: str, content: bytes
) -> None:
    violation = found(service)
    path = f"/v1/violations/{violation}/attachments"
    refused = service.client.post(path, params={"name": name}, content=content, headers=officer.header)
    assert refused.status_code == 422
    assert detail(officer, violation)["changes"] == []


def test_a_rule_sleeps_for_a_subject_and_what_it_finds_stays_out_of_the_queue(alone: Service) -> None:
    officer, supervisor = alone.person("officer"), alone.person("supervisor", Role.SUPERVISOR)
    violation = found(alone)
    told = detail(officer, violation)
    asked = {
        "rule": told["rule"],
        "subject": told["subject"]["key"],
        "until": (alone.clock.now() + timedelta(days=10)).isoformat(),
        "ground": "a new passport is on its way",
    }
    assert officer.post("/v1/snoozes", asked).status_code == 403
    snooze = supervisor.post("/v1/snoozes", asked).json()["snooze"]
    assert officer.get("/v1/violations", params={"snoozed": False}).json()["items"] == []
    assert officer.post("/v1/violations/next").status_code == 204
    assert len(officer.get("/v1/violations").json()["items"]) == 1
    assert alone.client.delete(f"/v1/snoozes/{snooze}", headers=supervisor.header).status_code == 204
    assert officer.post("/v1/violations/next").json()["violation"] == violation


def test_no_rule_sleeps_for_ever(supervisor: Person) -> None:
    asked = {"rule": "RUS-TDOC-001", "subject": "CHN:E1", "until": "2030-01-01T00:00:00Z", "ground": " "}
    refused = supervisor.post("/v1/snoozes", asked)
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/until", "/ground"]
