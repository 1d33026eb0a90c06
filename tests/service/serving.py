"""The service in this process: wired as in production, with a clock that the test moves and a key for each role."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from app.identity import keys, users
from app.identity.remit import EVERYWHERE, Remit
from app.identity.roles import Role
from app.identity.users import Account
from app.main import build
from app.settings import Settings
from app.storage.engine import connect, transaction
from app.violations.records import Change
from app.vocabulary.codes import Outcome, ViolationStatus
from app.web.services import Services
from tests.factories import event

RULES = Path(__file__).with_name("rules")
SOURCE = event()["source"]
SOURCES: Mapping[Role, list[str]] = {
    Role.CHECKPOINT: ["rus-zabaykalsk-*"],
    Role.POST: ["rus-zabaykalsk-*"],
    Role.ADMIN: ["*"],
}
PASSWORD = "correct horse battery staple"
EXPIRED = "2026-02-01"
"""Of a document: before the crossing of `event()`."""


@dataclass(slots=True)
class MovedClock:
    """Stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 0, 20, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass(slots=True)
class Service:
    """A running service; requests go out with the key of a role, or with none."""

    app: FastAPI
    client: TestClient
    clock: MovedClock
    keys: Mapping[Role, str]
    url: str

    @property
    def services(self) -> Services:
        found: Services = self.app.state.services
        return found

    def header(self, role: Role | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"} if role else {}

    def get(self, path: str, role: Role | None = Role.OFFICER, **options: Any) -> Response:  # noqa: ANN401 (the client's)
        return self.client.get(path, headers=self.header(role), **options)

    def post(
        self,
        body: object,
        role: Role | None = Role.CHECKPOINT,
        path: str = "/v1/crossings",
        kind: str = "application/json",
    ) -> Response:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.client.post(path, content=content, headers=self.header(role) | {"Content-Type": kind})

    def person(self, login: str, role: Role = Role.OFFICER, remit: Remit = EVERYWHERE) -> "Person":
        """Somebody with an account, signed in."""
        with transaction(self.services.database) as tx:
            made = users.create(tx, Account(login, f"The {login}", role, PASSWORD, remit=remit), self.clock.now())
        answer = self.client.post("/v1/session", json={"login": login, "password": PASSWORD})
        self.client.cookies.clear()
        return Person(self.client, made.id, {"Cookie": f"gerege_session={answer.cookies['gerege_session']}"})

    def count(self, table: str) -> int:
        with self.services.database.connect() as connection:
            found: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608
            return found


@dataclass(frozen=True, slots=True)
class Person:
    """Asks with a session."""

    client: TestClient
    id: str
    header: Mapping[str, str]

    def get(self, path: str, **options: Any) -> Response:  # noqa: ANN401 (the client's)
        return self.client.get(path, headers=self.header, **options)

    def post(self, path: str, body: object = None, **options: Any) -> Response:  # noqa: ANN401 (the client's)
        return self.client.post(path, json=body, headers=self.header, **options)

    def do(self, violation: str, action: str, **more: object) -> Response:
        """One transition."""
        return self.post(f"/v1/violations/{violation}/transitions", {"action": action, **more})


@contextmanager
def serving(url: str, rules: Path = RULES, clock: MovedClock | None = None, **settings: Any) -> Iterator[Service]:  # noqa: ANN401 (of any setting)
    """Start the service over a database, and stop it."""
    clock = clock or MovedClock()
    app = build(Settings(database_url=url, rules_dir=rules, **settings), clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Service(app, client, clock, _keys(url, clock.now()), url)


def _keys(url: str, now: datetime) -> dict[Role, str]:
    database = connect(url)
    with transaction(database) as tx:
        roles = [role for role in Role if role is not Role.SUPERVISOR]
        made: dict[Role, str] = {
            role: keys.issue(tx, f"a {role}", role, SOURCES.get(role, []), now)[1] for role in roles
        }
    database.dispose()
    return made


def several(**changes: object) -> dict[str, Any]:
    """An event with a driver on an expired document, a passenger without a visa and their carrier."""
    made = event(persons__0__document__expires_on=EXPIRED, **changes)
    passenger = event(
        persons__0__role="passenger",
        persons__0__visa=None,
        persons__0__surname="LI",
        persons__0__document__number="E99999999",
    )["persons"][0]
    made["persons"].append(passenger)
    return made


def a_change(violation: str, at: datetime, outcome: Outcome) -> Change:
    """As an officer's decision is kept."""
    action = {Outcome.CONFIRMED: "confirm", Outcome.DISMISSED: "dismiss"}[outcome]
    return Change(violation, at, "officer 7", action, ViolationStatus(outcome), False, "seen", outcome)


def until(what: Callable[[], bool]) -> None:
    """Wait for what another thread does, at most half a minute."""
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)
