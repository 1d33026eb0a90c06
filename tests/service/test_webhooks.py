"""Other systems are told of violations: signed, in order, at least once, and never more than they may know."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.identity.remit import Remit
from app.identity.roles import Role
from app.storage.engine import connect, transaction
from app.violations import webhooks
from app.violations.webhooks import KEPT_TRYING, LEASE, Webhook
from tests.factories import event
from tests.service.receiving import Receiver, is_signed, wait
from tests.service.serving import EXPIRED, MovedClock, Person, Service, serving

_numbers = iter(range(10_000))


@pytest.fixture(scope="module")
def running(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url, private_webhooks=True) as running:
        yield running


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """Without webhooks of other tests."""
    yield running
    for each in running.get("/v1/webhooks", Role.ADMIN).json()["items"]:
        running.client.delete(f"/v1/webhooks/{each['webhook']}", headers=running.header(Role.ADMIN))


@pytest.fixture(scope="module")
def officer(running: Service) -> Person:
    return running.person("officer")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as listening:
        yield listening


def hook(service: Service, url: str, **more: list[str]) -> dict[str, Any]:
    answer = service.post({"url": url, **more}, Role.ADMIN, "/v1/webhooks")
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def found(service: Service) -> str:
    number = f"E{next(_numbers):08}"
    document = {"persons__0__document__number": number, "persons__0__document__expires_on": EXPIRED}
    answer = service.post(event(**{"id": number, **document})).json()
    return str(next(each["violation"] for each in answer["findings"] if each["violation"]))


def deliveries(service: Service, made: dict[str, Any]) -> list[dict[str, Any]]:
    answer = service.get(f"/v1/webhooks/{made['webhook']}/deliveries?limit=500", Role.ADMIN)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def ended(service: Service, made: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The deliveries, as soon as so many have ended."""
    wait(lambda: sum(each["ended_at"] is not None for each in deliveries(service, made)) >= number)
    return deliveries(service, made)


def test_a_violation_is_told_when_it_is_found_and_whenever_its_status_changes(
    service: Service, receiver: Receiver, officer: Person
) -> None:
    made = hook(service, receiver.url)
    violation = found(service)
    officer.do(violation, "take")
    officer.post(f"/v1/violations/{violation}/comments", {"text": "between colleagues"})
    officer.do(violation, "dismiss", ground="data_error", reason="misread")
    told = receiver.until(3)
    stored = officer.get(f"/v1/violations/{violation}").json()
    assert [(each["change"], each["status"], each["outcome"]) for each in told] == [
        (0, "open", None),
        (1, "in_review", None),
        (3, "dismissed", "dismissed"),
    ]
    assert {(each["violation"], each["rule"], each["checkpoint"]) for each in told} == {
        (violation, "RUS-TDOC-001", "RUS-ZABAYKALSK")
    }
    assert told[-1]["updated_at"] == stored["updated_at"]
    for headers, body in receiver.came:
        assert is_signed(made["secret"], headers, body)
        assert not is_signed(made["secret"], headers, body + b" ")
        assert (headers["host"], headers["content-type"]) == (f"127.0.0.1:{receiver.port}", "application/json")
        for private in (b"ERIKSSON", b"E0000", b"CHN", b"misread", b"colleagues", officer.id.encode()):
            assert private not in body
    listed = ended(service, made, 3)
    assert {each["delivery"] for each in listed} == {headers["webhook-id"] for headers, _ in receiver.came}
    assert {(each["state"], each["attempts"], each["answered"]) for each in listed} == {("delivered", 1, 200)}
    assert service.get("/v1/webhooks", Role.ADMIN).json()["items"] == [
        {name: value for name, value in made.items() if name != "secret"}
    ]


def test_what_is_refused_is_tried_again_under_the_same_name_and_what_follows_waits(
    service: Service, receiver: Receiver, officer: Person
) -> None:
    made = hook(service, receiver.url)
    # A redirection is no answer; it is not followed.
    receiver.answers = [500, 307]
    violation = found(service)
    officer.do(violation, "take")
    other = found(service)
    wait(lambda: len(receiver.came) == 2)
    # Of two violations either may be told first.
    assert {each["violation"] for each in receiver.told} == {violation, other}
    wait(lambda: {each["answered"] for each in deliveries(service, made)} == {None, 500, 307})
    for _ in range(2):
        service.clock.move(timedelta(seconds=5))
    told = receiver.until(5)
    assert [each["change"] for each in told if each["violation"] == violation] == [0, 0, 1]
    names = [headers["webhook-id"] for headers, _ in receiver.came]
    assert sorted(names.count(each) for each in set(names)) == [1, 2, 2]
    assert all(is_signed(made["secret"], *each) for each in receiver.came)
    assert sorted(each["attempts"] for each in ended(service, made, 3)) == [1, 2, 2]


def test_nothing_is_lost_while_the_receiver_is_away(service: Service) -> None:
    receiver = Receiver()
    with receiver.listening():
        made = hook(service, receiver.url)
        first = found(service)
        assert [each["violation"] for each in receiver.until(1)] == [first]
        ended(service, made, 1)
    while_away = [found(service) for _ in range(3)]
    wait(lambda: any(each["fault"] for each in deliveries(service, made)))

    def later() -> bool:
        service.clock.move(timedelta(seconds=1))
        return len(receiver.came) >= 4

    with receiver.listening():
        wait(later)
        assert {each["violation"] for each in receiver.told} == {first, *while_away}
        ended(service, made, 4)


def test_after_a_day_it_is_given_up_and_shown_so_and_what_follows_is_sent(
    service: Service, receiver: Receiver, officer: Person
) -> None:
    made = hook(service, receiver.url)
    receiver.answers = [503, 503]
    violation = found(service)
    officer.do(violation, "take")
    wait(lambda: any(each["answered"] for each in deliveries(service, made)))
    service.clock.move(KEPT_TRYING)
    listed = ended(service, made, 2)
    assert {each["change"]: (each["state"], each["answered"], each["attempts"]) for each in listed} == {
        0: ("given_up", 503, 2),
        1: ("delivered", 200, 1),
    }


def test_two_servers_send_each_message_once_and_of_each_violation_in_order(
    database_url: str, receiver: Receiver
) -> None:
    clock = MovedClock()
    with (
        serving(database_url, clock=clock, private_webhooks=True) as one,
        serving(database_url, clock=clock, private_webhooks=True) as other,
    ):
        made = hook(one, receiver.url)
        officer, names = one.person("officer"), [found(server) for server in (one, other) * 4]
        for violation in names:
            officer.do(violation, "take")
            officer.do(violation, "confirm")
        receiver.until(24)
        ended(one, made, 24)
    came = defaultdict(list)
    for each in receiver.told:
        came[each["violation"]].append(each["change"])
    assert came == {violation: [0, 1, 2] for violation in names}


def test_only_what_was_asked_for_is_told_and_nothing_after_removal(service: Service, receiver: Receiver) -> None:
    with transaction(service.services.database) as tx:
        # Made when there was no rulebook yet.
        webhooks.add(tx, receiver.url, ["CHN"], [], service.clock.now(), "test", None)
    hook(service, receiver.url, rules=["RUS-TDOC-002"])
    asked = hook(service, receiver.url, jurisdictions=["RUS"], rules=["RUS-TDOC-001"])
    before = service.count("webhook_deliveries")
    found(service)
    receiver.until(1)
    ended(service, asked, 1)
    assert service.count("webhook_deliveries") == before + 1
    service.client.delete(f"/v1/webhooks/{asked['webhook']}", headers=service.header(Role.ADMIN))
    found(service)
    assert service.count("webhook_deliveries") == before + 1
    again = service.client.delete(f"/v1/webhooks/{asked['webhook']}", headers=service.header(Role.ADMIN))
    assert again.status_code == 404


def test_who_works_for_some_checkpoints_has_no_webhooks_for_they_are_told_of_all(
    service: Service, receiver: Receiver
) -> None:
    made = hook(service, receiver.url)
    path = f"/v1/webhooks/{made['webhook']}"
    for login, remit in (("admin.kaz", Remit(("KAZ",))), ("admin.lane", Remit((), ("RUS-*",)))):
        admin = service.person(login, Role.ADMIN, remit)
        answers = [
            admin.get("/v1/webhooks"),
            admin.post("/v1/webhooks", {"url": receiver.url}),
            admin.get(f"{path}/deliveries"),
            service.client.delete(path, headers=admin.header),
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert "told of all checkpoints" in answers[0].json()["detail"]
    assert service.person("admin.all", Role.ADMIN).post("/v1/webhooks", {"url": receiver.url}).status_code == 201


def test_a_slow_receiver_and_one_that_talks_too_much_hold_nothing_up(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.notifying.sending.TIMEOUT_SECONDS", 0.2)
    with Receiver(seconds=1.0).listening() as slow:
        late, talking = hook(service, slow.url), hook(service, receiver.url)
        receiver.answer_bytes = 8 << 20
        found(service)
        assert ended(service, talking, 1)[0]["answered"] == 200
        wait(lambda: deliveries(service, late)[0]["fault"] is not None)
        assert deliveries(service, late)[0]["fault"] == "no answer within 0.2 seconds"


def test_addresses_of_this_machine_are_refused_unless_allowed(database_url: str, receiver: Receiver) -> None:
    with serving(database_url) as service:
        made = hook(service, receiver.url)
        found(service)
        wait(lambda: deliveries(service, made)[0]["fault"] is not None)
        assert "127.0.0.1 is a private address" in deliveries(service, made)[0]["fault"]
    assert receiver.came == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"url": "ftp://other.example/"}, "/url"),
        ({"url": "http://"}, "/url"),
        ({"url": "https://a:b@other.example/"}, "/url"),
        ({"url": "https://other.example:99999/"}, "/url"),
        ({"url": "https://other.example/\r\nx: y"}, "/url"),
        ({"url": "https://other.example/", "rules": ["r\x00"]}, "/rules/0"),
        ({"url": "https://other.example/", "jurisdictions": ["RUSX"]}, "/jurisdictions"),
        ({"url": "https://other.example/", "rules": ["RUS-TDOC-009"]}, "/rules"),
        ({}, "/url"),
    ],
)
def test_what_would_never_be_told_of_anything_is_refused(service: Service, asked: dict[str, Any], pointer: str) -> None:
    answer = service.post(asked, Role.ADMIN, "/v1/webhooks")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_what_is_being_tried_is_given_to_nobody_else_until_its_lease_has_run_out(service: Service) -> None:
    made = service.services.clock.now()
    database = connect(service.url)
    with transaction(database) as tx:
        added = webhooks.add(tx, "https://other.example/", [], [], made, "test", None)
    # Its own thread cannot reach it; what it does is done before.
    violation = found(service)
    wait(lambda: _first(service, added)["fault"] is not None)
    now = service.clock.now() + timedelta(hours=1)
    with transaction(database) as tx:
        assert [each.violation for each in webhooks.claim(tx, added.id, now, 8)] == [violation]
    with transaction(database) as tx:
        assert webhooks.claim(tx, added.id, now + LEASE - timedelta(seconds=1), 8) == []
        assert len(webhooks.claim(tx, added.id, now + LEASE, 8)) == 1
    database.dispose()


def _first(service: Service, added: Webhook) -> dict[str, Any]:
    return deliveries(service, {"webhook": added.id})[0]
