"""Batches: a result for each line in order, a bad line spoils only itself, any size in bounded memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Unavailable
from app.evaluation import pipeline
from app.evaluation.batch import Stored
from app.evaluation.engine import Engine
from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import transaction
from app.web.api import batch
from app.web.api.batch import NDJSON, lines
from app.web.security import REMEMBERED
from tests.factories import event
from tests.service.serving import Service, serving

PATH = "/v1/crossings/batch"


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with serving(database_url) as running:
        yield running


def answers(service: Service, *sent: bytes, role: Role | None = Role.CHECKPOINT) -> list[dict[str, Any]]:
    response = service.post(b"\n".join(sent), role, PATH, NDJSON)
    assert (response.status_code, response.headers["content-type"]) == (200, NDJSON)
    return [orjson.loads(line) for line in response.content.splitlines()]


def line(name: str, **changes: object) -> bytes:
    return orjson.dumps(event(id=name, persons__0__document__number=name, **changes))


def test_each_line_is_answered_in_order_and_a_bad_one_spoils_only_itself(service: Service) -> None:
    sent = [
        line("one"),
        b"not json",
        line("two", direction="up"),
        b"  ",
        line("three", checkpoint="RUS-NOWHERE"),
        line("four", source="kaz-khorgos-1"),
        b"[" * 100_000,
        line("five", occurred_at="2030-01-01T00:00:00Z"),
        line("one"),
        line("one", direction="exit"),
        line("last"),
    ]
    found = answers(service, *sent)
    assert [(each["line"], each["status"]) for each in found] == [
        (1, 201),
        (2, 400),
        (3, 422),
        (5, 422),
        (6, 403),
        (7, 400),
        (8, 422),
        (9, 200),
        (10, 409),
        (11, 201),
    ]
    assert found[2]["problem"]["errors"][0]["pointer"] == "/direction"
    assert found[7]["answer"] == found[0]["answer"]
    assert service.count("crossings") == 2


def test_a_line_alone_is_answered_as_the_same_event_alone(service: Service) -> None:
    (told,) = answers(service, line("one", persons__0__visa=None))
    alone = service.post(line("one", persons__0__visa=None))
    assert (alone.status_code, alone.json()) == (200, told["answer"])


def test_a_batch_that_broke_off_is_resumed_by_sending_it_again(service: Service) -> None:
    whole = [line(f"e{number}") for number in range(20)]
    first = answers(service, *whole[:7], whole[7][:50])
    assert [each["status"] for each in first] == [201] * 7 + [400]
    again = answers(service, *whole)
    assert [each["status"] for each in again] == [200] * 7 + [201] * 13
    assert [each["answer"] for each in again[:7]] == [each["answer"] for each in first[:7]]


def test_more_lines_than_may_wait_hold_the_sender_back_and_none_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_WAITING", 3)
    monkeypatch.setattr(batch, "_IN_FLIGHT", 7)
    monkeypatch.setattr(batch, "_BUSY_SECONDS", 0.001)
    found = answers(service, *(line(f"e{number}") for number in range(50)))
    assert [(each["line"], each["status"]) for each in found] == [(number, 201) for number in range(1, 51)]


def test_a_line_larger_than_an_event_may_be_is_refused_alone(database_url: str) -> None:
    with serving(database_url, max_body_bytes=5000) as service:
        found = answers(service, line("one"), b" " * 5000 + line("large"), line("two"))
    assert [each["status"] for each in found] == [201, 413, 201]


def test_a_fault_of_the_service_is_the_answer_of_its_line_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Engine.judge

    def failing(self: Engine, prepared: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 (as what it stands for)
        if prepared.event.id == "two":
            raise RuntimeError("secret inside")
        return judge(self, prepared, *rest, **more)

    monkeypatch.setattr(Engine, "judge", failing)
    found = answers(service, line("one"), line("two"), line("three"))
    assert [each["status"] for each in found] == [201, 500, 201]
    assert "secret" not in str(found)


def test_who_may_not_send_and_what_is_no_batch_is_refused_before_a_line_is_read(service: Service) -> None:
    assert service.post(line("one"), None, PATH, NDJSON).status_code == 401
    assert service.post(line("one"), Role.OFFICER, PATH, NDJSON).status_code == 403
    assert service.post(line("one"), path=PATH).status_code == 415
    assert service.count("crossings") == 0


async def exchange(service: Service, parts: AsyncIterator[bytes], send: Callable[[Any], Awaitable[None]]) -> None:
    """A batch whose parts come one by one, and whose answers go as they come."""
    head = service.header(Role.CHECKPOINT) | {"Content-Type": NDJSON}
    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in head.items()],
    }

    async def receive() -> dict[str, Any]:
        part = await anext(parts, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def sending(message: Any) -> None:  # noqa: ANN401 (ASGI's)
        if message["type"] == "http.response.body":
            await send(message)

    await service.app(scope, receive, sending)


def test_a_key_that_is_revoked_amid_a_batch_sends_no_more_lines(service: Service) -> None:
    told: list[bytes] = []
    is_told = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield line("one") + b"\n"
        await is_told.wait()
        with transaction(service.services.database) as tx:
            keys.revoke(tx, service.keys[Role.CHECKPOINT].split("_")[1], service.clock.now())
        service.clock.move(2 * REMEMBERED)
        yield line("two") + b"\n"

    async def send(message: Any) -> None:  # noqa: ANN401 (ASGI's)
        told.append(message["body"])
        is_told.set()

    asyncio.run(exchange(service, parts(), send))
    found = [orjson.loads(each) for each in b"".join(told).splitlines()]
    assert [each["status"] for each in found] == [201, 401]


def test_lines_in_flight_are_bounded_by_their_bytes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_BYTES_IN_FLIGHT", 10_000)
    read: list[int] = []
    go = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        for number in range(12):
            read.append(number)
            yield line(f"e{number}") + b" " * 3000 + b"\n"

    async def waiting(_: object, stored: Stored) -> bytes:
        await go.wait()
        return stored.answer

    async def send(message: Any) -> None:  # noqa: ANN401 (ASGI's)
        del message

    async def run() -> None:
        exchanging = asyncio.ensure_future(exchange(service, parts(), send))
        await asyncio.sleep(0.5)
        assert 2 <= len(read) <= 4, "more was read than may be in flight"
        go.set()
        await exchanging

    monkeypatch.setattr(batch, "told", waiting)
    asyncio.run(run())
    assert service.count("crossings") == 12


def test_a_sender_that_does_not_read_the_last_answers_is_not_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_STALLED_SECONDS", 0.05)

    async def parts() -> AsyncIterator[bytes]:
        yield line("one") + b"\n"

    async def send(message: Any) -> None:  # noqa: ANN401 (ASGI's)
        if not message["more_body"]:
            await asyncio.sleep(60)

    with pytest.raises(ExceptionGroup):
        asyncio.run(exchange(service, parts(), send))


def test_a_line_that_may_be_taken_later_says_when(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(batch, "ingest", away)
    (told,) = answers(service, line("one"))
    assert (told["status"], told["retry_after"]) == (503, 2)


@given(body=st.binary(max_size=60).map(lambda each: each.replace(b"a", b"\n")), cuts=st.lists(st.integers(0, 60)))
def test_lines_are_the_same_however_the_body_is_cut(body: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(body)]
    parts = [body[first:last] for first, last in pairwise(places)]

    async def stream() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def read() -> list[bytes | None]:
        return [each async for each in lines(stream(), 8)]

    expected = body.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert asyncio.run(read()) == [each if len(each) <= 8 else None for each in expected]
