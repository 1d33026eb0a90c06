"""What a remit keeps from whoever has it, beside the queue: sleeping rules, links, what is on record of subjects."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from app.identity.remit import Remit
from app.identity.roles import Role
from tests.factories import event
from tests.service.histories import RULES
from tests.service.serving import EXPIRED, Person, Service, serving
from tests.service.test_time import crossed as came
from tests.service.test_time import sent
from tests.service.test_two_servers import busy

RULE, UNTIL = "RUS-TDOC-001", "2026-12-01T00:00:00Z"
_numbers = iter(range(10_000))


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        yield running


@pytest.fixture(scope="module")
def here(service: Service) -> Person:
    return service.person("here", Role.SUPERVISOR, Remit(("RUS",), ("RUS-ZABAYKALSK",)))


@pytest.fixture(scope="module")
def elsewhere(service: Service) -> Person:
    return service.person("elsewhere", Role.SUPERVISOR, Remit(("CHN",)))


def crossed(service: Service, number: str = "", **changes: object) -> str:
    """Key of somebody who crossed, somebody new unless a number is given."""
    number = number or f"E{next(_numbers):08}"
    document = {"persons__0__document__number": number, "persons__0__document__expires_on": EXPIRED}
    surname = {"persons__0__surname": f"ERIKSSON {number.translate(str.maketrans('0123456789', 'ABCDEFGHIJ'))}"}
    answer = service.post(event(**{"id": f"{next(_numbers)}", **document, **surname, **changes}))
    assert answer.status_code == 201, answer.text
    return f"CHN:{number}"


def asleep(person: Person, subject: str, rule: str = RULE) -> Any:  # noqa: ANN401 (any JSON)
    asked = {"rule": rule, "subject": subject, "until": UNTIL, "ground": "renewed"}
    return person.post("/v1/snoozes", asked)


def listed(person: Person) -> set[str]:
    return {each["snooze"] for each in person.get("/v1/snoozes").json()["items"]}


def wake(service: Service, person: Person, snooze: str) -> int:
    return service.client.delete(f"/v1/snoozes/{snooze}", headers=dict(person.header)).status_code


# --- sleeping rules -----------------------------------------------------------------------------------------


def test_a_rule_is_put_to_sleep_seen_and_woken_only_where_the_subject_crossed(
    service: Service, here: Person, elsewhere: Person
) -> None:
    subject = crossed(service)
    refused = asleep(elsewhere, subject)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/subject")
    # Whether there is anybody of that name is not told either.
    assert asleep(elsewhere, "CHN:E999").json()["errors"] == refused.json()["errors"]
    snooze = asleep(here, subject).json()["snooze"]
    assert snooze in listed(here)
    assert snooze not in listed(elsewhere)
    assert wake(service, elsewhere, snooze) == 404
    assert wake(service, here, snooze) == 204


def test_a_rule_of_one_state_does_not_sleep_at_the_word_of_another(
    service: Service, here: Person, elsewhere: Person
) -> None:
    subject = crossed(service)
    crossed(service, subject.partition(":")[2], checkpoint="CHN-ALASHANKOU")
    assert asleep(elsewhere, subject).status_code == 422
    snooze = asleep(here, subject).json()["snooze"]
    assert snooze not in listed(elsewhere)
    assert wake(service, elsewhere, snooze) == 404


def test_a_subject_is_within_the_remit_under_any_of_its_keys(service: Service, here: Person) -> None:
    one, other = crossed(service), crossed(service, checkpoint="CHN-ALASHANKOU")
    assert asleep(here, other).status_code == 422
    body = {"other": other, "reason": "old passport shown"}
    assert service.post(body, Role.OFFICER, f"/v1/subjects/{one}/links").status_code == 201
    assert asleep(here, other).status_code == 201


def test_who_works_everywhere_puts_to_sleep_sees_and_wakes_all(service: Service, here: Person) -> None:
    everywhere = service.person("everywhere", Role.SUPERVISOR)
    one, other = asleep(here, crossed(service)).json(), asleep(everywhere, "CHN:E999").json()
    assert {one["snooze"], other["snooze"]} <= listed(everywhere)
    assert wake(service, everywhere, one["snooze"]) == wake(service, everywhere, other["snooze"]) == 204


def test_a_rule_that_is_not_in_force_does_not_sleep(service: Service, here: Person) -> None:
    (problem,) = asleep(here, crossed(service), "RUS-TDOC-01").json()["errors"]
    assert (problem["pointer"], problem["hint"]) == ("/rule", "did you mean RUS-TDOC-001?")


def test_a_snooze_that_cannot_be_is_not_found(service: Service, here: Person) -> None:
    assert wake(service, here, "%00") == wake(service, here, "none") == 404


def test_a_page_after_what_cannot_be_is_refused(here: Person) -> None:
    assert here.get("/v1/undetermined?cursor=%00").status_code == 422


# --- links --------------------------------------------------------------------------------------------------


def test_a_link_is_ended_only_where_both_crossed(service: Service, here: Person, elsewhere: Person) -> None:
    one, other = crossed(service), crossed(service)
    made = here.post(f"/v1/subjects/{one}/links", {"other": other, "reason": "seen"})
    assert made.status_code == 201, made.text
    path = f"/v1/links/{made.json()['link']}/end"
    refused = elsewhere.post(path, {"reason": "no"})
    assert refused.status_code == 404
    assert one not in refused.text
    assert here.post(path, {"reason": "namesakes"}).json()["ended_at"] is not None
    # That it was ended is not told elsewhere either.
    assert elsewhere.post(path, {"reason": "no"}).status_code == 404


# --- what is on record --------------------------------------------------------------------------------------


@pytest.fixture
def remembering(database_url: str) -> Iterator[Service]:
    """With rules that ask for the past of whoever crosses."""
    with serving(database_url, RULES) as running:
        yield running


def remembered(answer: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (any JSON)
    """What an evaluation tells of the past of each subject."""
    return [
        {name: value for name, value in each["values"].items() if name.startswith(("history.", "stay."))}
        for each in answer.json()["facts"]
    ]


def test_an_evaluation_tells_of_the_past_only_within_the_remit(remembering: Service) -> None:
    sent(remembering, "in", 0, "entry")
    out = sent(remembering, "out", 8, "exit")["crossing"]
    here = remembering.person("here", remit=Remit(("RUS",), ("RUS-ZABAYKALSK",)))
    elsewhere = remembering.person("elsewhere", remit=Remit(("KAZ",)))
    again = came("again", 10, "entry")
    stranger = came("again", 10, "entry", persons__0__document__number="E99", persons__0__surname="LI")
    with structlog.testing.capture_logs() as entries:
        seen = here.post("/v1/evaluate", again)
        unseen = elsewhere.post("/v1/evaluate", again)
    assert remembered(seen) == remembered(remembering.post(again, Role.OFFICER, "/v1/evaluate"))
    assert remembered(unseen) == remembered(elsewhere.post("/v1/evaluate", stranger)) != remembered(seen)
    looks = [each["ids"][1:] for each in entries if each["event"] == "looked"]
    assert looks == [[out], []]
    assert "E12345678" not in str(entries)


def test_an_evaluation_tells_of_traffic_only_within_the_remit(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path}/gerege.db", busy(tmp_path)) as service:
        service.post(event(id="one"))
        other = event(id="other", occurred_at="2026-03-01T12:15:00+09:00")

        def rules(person: Person) -> set[str]:
            return {each["rule"] for each in person.post("/v1/evaluate", other).json()["findings"]}

        assert "RUS-HIST-008" in rules(service.person("here", remit=Remit((), ("RUS-*",))))
        assert "RUS-HIST-008" not in rules(service.person("elsewhere", remit=Remit(("CHN",))))
