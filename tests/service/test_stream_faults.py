"""Messages of a stream that can never be taken, or at which the service fails; without a server of streams."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from nats.errors import MaxPayloadError

from app.errors import Invalid, Unavailable
from app.web import stream
from app.web.stream import PROBLEM, Stream, _Taking, check
from tests.factories import event


def of(subject: str, dead: str = "dead.crossings") -> Stream:
    return Stream(["nats://127.0.0.1"], subject, dead, 60)


@pytest.mark.parametrize(
    ("subject", "dead"), [("crossings.>", "crossings.dead"), (">", "dead"), ("*.x", "dead.x"), ("a", "a"), ("a", "b.*")]
)
def test_what_can_never_be_taken_must_not_come_again_as_an_event(subject: str, dead: str) -> None:
    with pytest.raises(Invalid):
        check(of(subject, dead))


@pytest.mark.parametrize(
    ("subject", "dead"), [("crossings.>", "crossings"), ("*", "a.b"), ("a.b", "a-b"), ("a.*", "a")]
)
def test_any_other_subject_will_do(subject: str, dead: str) -> None:
    check(of(subject, dead))


def test_each_subject_has_a_durable_of_its_own_by_a_name_that_streams_allow() -> None:
    names = [of(subject).durable for subject in ("crossings.>", "crossings.*", "crossings.rus", "crossings_rus", ">")]
    assert len(set(names)) == len(names)
    assert all(not set(name) & set(" .*>") for name in names)


@dataclass(slots=True)
class Message:
    data: bytes
    subject: str = "crossings.rus"
    done: Counter[str] = field(default_factory=Counter)

    @property
    def metadata(self) -> Any:  # noqa: ANN401 (as the library's)
        return SimpleNamespace(stream="crossings", sequence=SimpleNamespace(stream=7))

    async def ack(self) -> None:
        self.done["ack"] += 1

    async def term(self) -> None:
        self.done["term"] += 1

    async def nak(self, delay: float) -> None:
        assert delay > 0
        self.done["nak"] += 1


@dataclass(slots=True)
class Server:
    """The part of a connection that burying asks for."""

    max_payload: int = 1 << 20
    fails: bool = False
    buried: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def jetstream(self) -> "Server":
        return self

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        assert subject == "dead.crossings"
        size = len(body) + sum(len(name) + len(value.encode()) + 4 for name, value in headers.items())
        assert size <= self.max_payload, "the server breaks the connection off"
        if self.fails:
            raise MaxPayloadError
        self.buried.append((body, headers))


def taken(server: Server, message: Message, times: int = 1) -> None:
    async def run() -> None:
        taking = _Taking(SimpleNamespace(), server, of("crossings.>"))  # type: ignore[arg-type]
        for _ in range(times):
            await taking._take(SimpleNamespace(), message)  # type: ignore[arg-type]  # noqa: SLF001 (a message's own way)

    asyncio.run(run())


def test_a_message_that_leaves_no_room_for_its_problem_is_named_and_not_repeated() -> None:
    server, message = Server(), Message(b"[" * ((1 << 20) - 10))
    taken(server, message)
    ((body, headers),) = server.buried
    assert (body, headers["Gerege-Stream"], message.done) == (b"", "crossings 7", {"term": 1})
    assert orjson.loads(headers[PROBLEM])["status"] == 400


def test_a_problem_of_many_faults_is_told_without_them_if_they_are_too_large() -> None:
    wrong = event(persons=[event()["persons"][0] | {"n" * 3000 + str(number): 1} for number in range(60)])
    server, message = Server(), Message(orjson.dumps(wrong))
    taken(server, message)
    ((body, headers),) = server.buried
    assert (body, message.done) == (message.data, {"term": 1})
    assert "errors" not in orjson.loads(headers[PROBLEM])


def test_a_message_that_cannot_be_buried_comes_again() -> None:
    server, message = Server(fails=True), Message(b"not json")
    taken(server, message)
    assert (server.buried, message.done) == ([], {"nak": 1})


def test_a_message_at_which_the_service_fails_again_and_again_is_buried(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(stream, "ingest", failing)
    server, message = Server(), Message(orjson.dumps(event()))
    taken(server, message, 5)
    ((body, headers),) = server.buried
    assert (body, message.done) == (message.data, {"nak": 4, "term": 1})
    assert "secret" not in headers[PROBLEM]


def test_without_a_database_a_message_comes_again_however_often(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(stream, "ingest", away)
    server, message = Server(), Message(orjson.dumps(event()))
    taken(server, message, 20)
    assert (server.buried, message.done) == ([], {"nak": 20})
