"""What officers decided, beside crossings that are judged at the same time, corrected, or moved to another place."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from app.evaluation.batch import Batch
from app.identity.remit import Remit
from app.identity.roles import Role
from app.storage.engine import transaction
from app.storage.tables import violations
from app.violations import records
from app.violations.records import Filters
from app.web.working import changed
from tests.factories import event
from tests.service import histories
from tests.service.serving import EXPIRED, RULES, Person, Service, serving
from tests.service.test_time import crossed, sent, settled

SECONDS = 30


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with serving(database_url, histories.RULES) as running:
        yield running


def listed(service: Service, **asked: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.get("/v1/violations", params=asked).json()["items"]
    return items


def decide(officer: Person, violation: str, action: str, **more: str) -> None:
    assert officer.do(violation, "take").status_code == 200
    assert officer.do(violation, action, **more).status_code == 200


def corrected(service: Service, crossing: str, **changes: object) -> None:
    body = crossed("C2", 8, "exit") | changes
    sent = {"reason": "misread", "event": body}
    assert service.post(sent, Role.CHECKPOINT, f"/v1/crossings/{crossing}/corrections").status_code == 201
    settled(service)


def test_a_decision_made_while_a_later_crossing_is_judged_is_not_missed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = service.person("officer")
    sent(service, "C1", 0, "entry")
    violated = [each["violation"] for each in sent(service, "C2", 8, "exit")["findings"] if each["violation"]]
    assert violated
    at, go, store = threading.Event(), threading.Event(), Batch.store

    def slow(self: Batch) -> bool:
        if any(each.event.id == "C3" for _, _, each in self._made):
            at.set()
            assert go.wait(SECONDS)
        return store(self)

    monkeypatch.setattr(Batch, "store", slow)
    another = {"persons__0__document__number": "E7777777", "persons__0__surname": "OTHER"}
    sending = threading.Thread(target=lambda: service.post(crossed("C3", 10, "entry", **another)))
    sending.start()
    assert at.wait(SECONDS)

    def dismiss() -> None:
        for each in violated:
            decide(officer, each, "dismiss", ground="data_error", reason="x")

    deciding = threading.Thread(target=dismiss)
    deciding.start()
    # It may wait for the crossing, or not.
    deciding.join(0.5)
    go.set()
    for thread in (sending, deciding):
        thread.join(SECONDS)
    settled(service)
    # That would rest on offences that are none.
    standing = [each["rule"] for each in listed(service, q="C3") if each["status"] == "open"]
    assert "RUS-HIST-007" not in standing


@pytest.mark.parametrize("action", ["confirm", "dismiss"])
def test_what_is_found_again_a_little_otherwise_counts_once_and_leads_to_what_was_decided(
    service: Service, action: str
) -> None:
    officer = service.person("officer")
    sent(service, "C1", 0, "entry")
    found = sent(service, "C2", 8, "exit")
    own = next(each for each in found["findings"] if each["violation"] and each["subject"]["kind"] == "individual")
    more = {"ground": "data_error", "reason": "x"} if action == "dismiss" else {}
    decide(officer, own["violation"], action, **more)

    def offences() -> int:
        told = service.post(crossed("C9", 10, "entry"), Role.OFFICER, "/v1/evaluate").json()
        values = next(each["values"] for each in told["facts"] if each["subject"]["kind"] == "individual")
        count: int = values["history.violations_in_20"]
        return count

    before = offences()
    minute = crossed("C2", 8, "exit")["occurred_at"].replace(":00:00", ":01:00", 1)
    corrected(service, found["crossing"], occurred_at=minute)
    same = [each for each in listed(service, rule=own["rule"], q="C2") if each["subject"]["kind"] == "individual"]
    assert {each["status"] for each in same} == {"confirmed" if action == "confirm" else "dismissed", "open"}
    assert offences() == before + (action == "dismiss")
    (new,) = (each["violation"] for each in same if each["status"] == "open")
    changes = service.get(f"/v1/violations/{own['violation']}").json()["changes"]
    assert changes[-1]["superseded_by"] == new
    # And back again.
    corrected(service, found["crossing"])
    assert offences() == before


def test_a_decided_violation_stays_where_it_was_found_wherever_its_crossing_is_corrected_to(service: Service) -> None:
    here = service.person("here", remit=Remit(("RUS",), ("RUS-*",)))
    sent(service, "C1", 0, "entry")
    found = sent(service, "C2", 8, "exit")
    violation = next(each["violation"] for each in found["findings"] if each["violation"])
    decide(here, violation, "confirm")
    moved = {"reason": "misread", "event": crossed("C2", 8, "exit") | {"checkpoint": "CHN-ALASHANKOU"}}
    path = f"/v1/crossings/{found['crossing']}/corrections"
    refused = here.post(path, moved)
    assert (refused.status_code, "not in your remit" in refused.json()["detail"]) == (403, True)
    corrected(service, found["crossing"], checkpoint="CHN-ALASHANKOU")
    for remit, status in ((Remit(("RUS",), ("RUS-*",)), 200), (Remit(("RUS",)), 200), (Remit(("CHN",)), 404)):
        somebody = service.person(f"of-{len(remit.checkpoints)}-{status}", remit=remit)
        assert somebody.get(f"/v1/violations/{violation}").status_code == status
        items = somebody.get("/v1/violations", params={"q": "C2"}).json()["items"]
        assert (violation in {each["violation"] for each in items}) is (status == 200)


def test_what_was_known_before_a_decision_has_none_of_what_came_with_it(service: Service) -> None:
    officer = service.person("officer")
    sent(service, "C1", 0, "entry")
    violation = next(each["violation"] for each in sent(service, "C2", 8, "exit")["findings"] if each["violation"])
    service.clock.move(timedelta(hours=1))
    before = service.clock.now().isoformat()
    service.clock.move(timedelta(days=40))
    officer = service.person("later")
    decide(officer, violation, "confirm")
    assert officer.do(violation, "close", measure="fine", protocol="17/2026").status_code == 200
    told = officer.get(f"/v1/violations/{violation}", params={"as_of": before}).json()
    assert (told["status"], told["outcome"], told["protocol"], told["overdue"]) == ("open", None, None, False)
    for name, value in (("outcome", "confirmed"), ("protocol", "17/2026"), ("overdue", "true")):
        answer = officer.get("/v1/violations", params={"as_of": before, name: value})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, name)


def test_the_stream_looks_at_all_that_changed_however_many(service: Service) -> None:
    sent(service, "C1", 0, "entry")
    sent(service, "C2", 8, "exit")
    with transaction(service.services.database) as tx:
        (known, *_) = records.search(tx, Filters()).items
        count = records.LARGEST_PAGE + 100
        copies = [
            {name: getattr(known.violation, name) for name in records.Violation.__slots__}
            | {"id": str(UUID(int=number)), "finding": str(UUID(int=number))}
            for number in range(count)
        ]
        tx.execute(insert(violations), copies)
    found = changed(service.services, Filters(updated_since=known.violation.updated_at))
    assert len({each.id for each in found}) >= count


def test_what_was_found_in_shadow_is_no_compliance_once_the_rule_is_active(tmp_path: Path, database_url: str) -> None:
    rules = copytree(RULES, tmp_path / "rules")
    with serving(database_url, rules) as running:
        for number in range(4):
            faulty = {"persons__0__document__technical_defect": number < 3}
            running.post(event(id=f"s{number}", persons__0__document__number=f"E000000{number}", **faulty))
    file = rules / "RUS/documents/RUS-TDOC-003.yaml"
    file.write_text(file.read_text().replace("status: shadow", "status: active"))
    with serving(database_url, rules) as running:
        running.post(event(id="active", persons__0__document__number="E0000009"))
        told = running.get("/v1/situation?from=2026-03-01&until=2026-03-01").json()["compliance"]["by_rule"]
        (counted,) = (each for each in told if each["rule"] == "RUS-TDOC-003")
        assert (counted["compliant"], counted["violated"]) == (1, 0)


def test_what_is_grave_or_in_work_does_not_sleep(database_url: str) -> None:
    with serving(database_url) as running:
        officer, supervisor = running.person("officer"), running.person("supervisor", Role.SUPERVISOR)
        answer = running.post(event(id="one", persons__0__document__expires_on=EXPIRED)).json()
        (found,) = (each for each in answer["findings"] if each["rule"] == "RUS-TDOC-001")
        subject = running.get(f"/v1/violations/{found['violation']}").json()["subject"]["key"]
        decide(officer, found["violation"], "confirm")
        asleep = {"rule": found["rule"], "subject": subject, "ground": "renewed"}
        until = (running.clock.now() + timedelta(days=9)).isoformat()
        made = supervisor.post("/v1/snoozes", asleep | {"until": until})
        assert made.status_code == 201
        assert supervisor.do(found["violation"], "reopen", reason="new evidence").status_code == 200
        assert officer.post("/v1/violations/next").json()["violation"] == found["violation"]
