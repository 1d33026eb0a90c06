"""Accounts and signing in: what stands against guessing, what it costs others, and what trace it leaves."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.audit import accounts, log
from app.errors import Unauthenticated
from app.identity import passwords
from app.identity.remit import Remit
from app.identity.roles import Role
from app.identity.users import Account
from app.storage.engine import reading, transaction
from app.storage.tables import audit_log, failed_sign_ins
from app.web.working import entered
from tests.service.serving import PASSWORD, Person, Service, serving


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with serving(database_url) as running:
        yield running


def signs_in(service: Service, login: str, password: str, address: str = "192.0.2.1") -> Response:
    """From an address of its own, whatever other cookies there are."""
    client = TestClient(service.app, client=(address, 50000))
    return client.post("/v1/session", json={"login": login, "password": password})


def entries(service: Service, *actions: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    with reading(service.services.database) as tx:
        assert list(log.broken(tx)) == []
        rows = tx.execute(select(audit_log).order_by(audit_log.c.number)).all()
    return [(row.actor, row.action, row.object, row.detail) for row in rows if row.action in actions]


# --- guessing -----------------------------------------------------------------------------------------------


def test_who_guesses_keeps_out_nobody_who_signs_in_from_elsewhere(service: Service) -> None:
    service.person("officer")
    for _ in range(7):
        assert signs_in(service, "officer", "wrong").status_code == 401
    assert signs_in(service, "officer", PASSWORD).status_code == 401
    assert signs_in(service, "officer", PASSWORD, "198.51.100.7").status_code == 200
    service.clock.move(timedelta(minutes=1, seconds=1))
    assert signs_in(service, "officer", PASSWORD).status_code == 200


def test_addresses_of_one_network_of_ipv6_are_one(service: Service) -> None:
    service.person("officer")
    for number in range(5):
        signs_in(service, "officer", "wrong", f"2001:db8::{number:x}")
    assert signs_in(service, "officer", PASSWORD, "2001:db8::ffff").status_code == 401
    assert signs_in(service, "officer", PASSWORD, "2001:db8:0:1::1").status_code == 200


def test_a_right_password_after_wrong_ones_begins_to_count_anew(service: Service) -> None:
    service.person("officer")
    for _ in range(3):
        for _ in range(4):
            signs_in(service, "officer", "wrong")
        assert signs_in(service, "officer", PASSWORD).status_code == 200
    assert service.count("failed_sign_ins") == 0


def test_a_refusal_does_not_tell_which_logins_there_are(service: Service) -> None:
    """By its words and by what is done for it: the same statements, and as many hashes."""
    service.person("officer")

    def told(login: str) -> list[Any]:
        answers = [signs_in(service, login, "wrong").json() for _ in range(7)]
        with reading(service.services.database) as tx:
            rows = tx.execute(select(failed_sign_ins.c.failures, failed_sign_ins.c.locked_until)).all()
        return [[each | {"instance": ""} for each in answers], len(rows), rows[-1]]

    known, unknown = told("officer"), told("nobody")
    assert known[0] == unknown[0]
    assert (known[1], unknown[1]) == (1, 2)
    assert known[2] == unknown[2]
    assert [each[3] for each in entries(service, "session.fail")] == [{"locks": each == 4} for each in [*range(5)] * 2]


def test_a_password_is_compared_for_a_login_that_nobody_has(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    class Watched:
        def verify(self, password: str, kept: str) -> bool:
            compared.append(kept)
            return bool(password)

    monkeypatch.setattr("app.identity.passwords._HASHER", Watched())
    # Even if it were the one that nobody has.
    assert signs_in(service, "nobody", "nobody").status_code == 401
    assert len(compared) == 1


def test_who_is_locked_out_takes_no_turn_from_others(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.person("officer")
    for _ in range(5):
        signs_in(service, "officer", "wrong")

    class Never:
        def verify(self, password: str, kept: str) -> bool:
            raise AssertionError(password, kept)

    monkeypatch.setattr("app.identity.passwords._HASHER", Never())
    assert signs_in(service, "officer", PASSWORD).status_code == 401


def test_of_many_guesses_at_once_no_more_are_told_than_one_after_the_other(service: Service) -> None:
    """The sixth and all later ones are not looked at, be one of them right."""
    service.person("officer")
    compared = threading.Barrier(8, timeout=30)

    class Together:
        def verify(self, password: str, kept: str) -> bool:
            del kept
            compared.wait()
            return password == PASSWORD

    def guess(password: str) -> bool:
        try:
            entered(service.services, "officer", password, "192.0.2.1")
        except Unauthenticated:
            return False
        return True

    service.services.passwords._turns = threading.BoundedSemaphore(8)  # noqa: SLF001 (to have them all compared at once)
    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(8) as pool:
        patched.setattr("app.identity.passwords._HASHER", Together())
        assert list(pool.map(guess, ["wrong"] * 8)) == [False] * 8
    assert len(entries(service, "session.fail")) == 5


def test_a_password_that_was_changed_while_it_was_compared_opens_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.person("officer")
    fits = passwords.fits

    def changed_meanwhile(password: str, kept: str | None) -> bool:
        with transaction(service.services.database) as tx:
            accounts.set_password(tx, "officer", passwords.hashed("another of twelve"), service.clock.now(), "test")
        return fits(password, kept)

    monkeypatch.setattr(passwords, "fits", changed_meanwhile)
    assert signs_in(service, "officer", PASSWORD).status_code == 401


# --- what it costs others -----------------------------------------------------------------------------------


class Slow:
    """Compares as long as it is told to."""

    def __init__(self) -> None:
        self.began, self.goes_on, self.most, self._now = threading.Event(), threading.Event(), 0, 0
        self._lock = threading.Lock()

    def verify(self, password: str, kept: str) -> bool:
        del password, kept
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.began.set()
        assert self.goes_on.wait(30)
        with self._lock:
            self._now -= 1
        return False


def test_no_writer_waits_for_a_password_that_is_compared(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.identity.passwords._HASHER", slow := Slow())
    with ThreadPoolExecutor(1) as pool:
        guessing = pool.submit(signs_in, service, "nobody", "wrong")
        assert slow.began.wait(30)
        with transaction(service.services.database):
            slow.goes_on.set()
        assert guessing.result(30).status_code == 401


def test_two_passwords_are_compared_at_once_few_wait_and_others_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.identity.passwords._HASHER", slow := Slow())
    with ThreadPoolExecutor(10) as pool:
        guessing = [pool.submit(signs_in, service, f"nobody{number}", "wrong") for number in range(10)]
        places = service.services.passwords._places  # noqa: SLF001 (when they all wait is seen nowhere else)
        deadline = time.monotonic() + 30
        while places._value:  # noqa: SLF001
            assert time.monotonic() < deadline
            time.sleep(0.005)
        refused = signs_in(service, "eleventh", "wrong")
        slow.goes_on.set()
        assert {each.result(30).status_code for each in guessing} == {401}
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert slow.most == 2


def test_the_console_says_that_too_many_sign_in_and_keeps_what_was_typed(service: Service) -> None:
    with ExitStack() as taken:
        for _ in range(2):
            taken.enter_context(service.services.passwords.turn(""))
        # Nobody waits in this thread: all other places are taken as by those who do.
        for _ in range(8):
            service.services.passwords._places.acquire()  # noqa: SLF001 (as above)
        sent = {"login": "officer", "password": PASSWORD}
        refused = service.client.post("/console/sign-in", data=sent)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert "Too many sign in at this moment" in refused.text
    assert 'value="officer"' in refused.text


# --- the trace ----------------------------------------------------------------------------------------------


def test_accounts_and_sessions_leave_entries_in_the_audit_log(service: Service) -> None:
    database, now = service.services.database, service.clock.now()
    account = Account("officer", "An Officer", Role.OFFICER, PASSWORD, remit=Remit(("RUS",)))
    with transaction(database) as tx:
        user = accounts.create(tx, account, now, "anna").id
    signs_in(service, "officer", "my own password, mistyped")
    signs_in(service, "my own password", "wrong")
    token = signs_in(service, "officer", PASSWORD).cookies["gerege_session"]
    person = Person(service.client, user, {"Cookie": f"gerege_session={token}"})
    with transaction(database) as tx:
        accounts.set_remit(tx, "officer", Remit((), ("RUS-*",)), now, "anna")
    assert person.get("/v1/session").json()["checkpoints"] == ["RUS-*"]
    service.client.delete("/v1/session", headers=dict(person.header))
    with transaction(database) as tx:
        accounts.set_password(tx, "officer", passwords.hashed("another of twelve"), now, "anna")
        accounts.disable(tx, "officer", now, "anna")
    told = ["account.create", "account.remit", "account.password", "account.disable"]
    told += ["session.fail", "session.begin", "session.end"]
    assert entries(service, *told) == [
        ("anna", "account.create", user, {"role": "officer", "jurisdictions": ["RUS"], "checkpoints": []}),
        ("unknown", "session.fail", user, {"locks": False}),
        ("unknown", "session.fail", "unknown", {"locks": False}),
        (user, "session.begin", user, {}),
        ("anna", "account.remit", user, {"jurisdictions": [], "checkpoints": ["RUS-*"]}),
        (user, "session.end", user, {}),
        ("anna", "account.password", user, {}),
        ("anna", "account.disable", user, {}),
    ]
    with reading(database) as tx:
        assert tx.execute(select(func.count()).select_from(audit_log)).scalar_one() == 8


def test_another_password_ends_all_sessions(service: Service) -> None:
    person = service.person("officer")
    with transaction(service.services.database) as tx:
        accounts.set_password(tx, "officer", passwords.hashed("another of twelve"), service.clock.now(), "test")
    assert person.get("/v1/session").status_code == 401
    assert signs_in(service, "officer", PASSWORD).status_code == 401
    assert signs_in(service, "officer", "another of twelve").status_code == 200
