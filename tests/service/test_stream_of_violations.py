"""The stream of violations ends with the right to listen."""

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from app.identity import users
from app.identity.roles import Role
from app.storage.engine import reading, transaction
from app.web.api import violations
from tests.service.serving import Person, Service, serving


@pytest.fixture
def service(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr("app.web.api.violations._POLL_SECONDS", 0.01)
    with serving(database_url) as running:
        yield running


def signed_out(service: Service, person: Person) -> None:
    service.client.delete("/v1/session", headers=dict(person.header))


def disabled(service: Service, person: Person) -> None:
    del person
    with transaction(service.services.database) as tx:
        users.disable(tx, "officer", service.clock.now())


def a_day_over(service: Service, person: Person) -> None:
    del person
    service.clock.move(users.LASTS)


@pytest.mark.parametrize("end", [signed_out, disabled, a_day_over])
def test_whoever_is_signed_in_no_more_is_told_nothing_more(
    service: Service, end: Callable[[Service, Person], None]
) -> None:
    """A client that reads a stream without end would never be answered by the test's own; so it is asked directly."""
    person = service.person("officer", Role.OFFICER)
    with reading(service.services.database) as tx:
        user = users.get(tx, person.id)
    assert user

    async def listen() -> bool:
        stream: Any = violations.stream_violations(_request(service, person), user)
        told = asyncio.ensure_future(_to_its_end(stream))
        await asyncio.sleep(0.2)
        before = told.done()
        await asyncio.to_thread(end, service, person)
        await asyncio.wait_for(told, 10)
        return before

    assert asyncio.run(listen()) is False


async def _to_its_end(stream: Any) -> None:  # noqa: ANN401 (an asynchronous generator, wrapped)
    async for _ in stream:
        pass


def _request(service: Service, person: Person) -> Request:
    async def never() -> bool:
        return False

    cookies = dict([person.header["Cookie"].split("=", 1)])
    made: Any = SimpleNamespace(app=service.app, method="GET", headers={}, cookies=cookies, is_disconnected=never)
    return made  # type: ignore[no-any-return]
