"""A post and whatever answers in the place of its centre: nothing ends its threads, and nothing is lost or stuck."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx2 import Client, MockTransport, Request, Response
from starlette.testclient import TestClient

from app.cli.main import run
from app.errors import Unavailable
from app.evaluation.bundle import Bundle, named, sign
from app.evaluation.reload import compile_sources
from app.forwarding import rulebook, spool
from app.forwarding.rulebook import Keeper, at_start, keep, kept
from app.forwarding.sending import Sender
from app.identity import keys
from app.identity.roles import Role
from app.language.load import read_sources
from app.main import build_post
from app.settings import Settings
from app.storage.engine import connect, reading, transaction
from tests.factories import event
from tests.service.serving import RULES, MovedClock, Service, serving, until

KEY = Ed25519PrivateKey.generate()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.evaluation.repeating._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("app.forwarding.sending._IDLE_SECONDS", 0.01)
    monkeypatch.setattr(rulebook, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(rulebook, "_REFUSED_SECONDS", 0.01)


def judged(content: bytes) -> bytes:
    """As the centre answers a batch in which it finds nothing."""
    return b"".join(line(number, each) for number, each in enumerate(content.split(b"\n"), 1))


def line(number: int, body: bytes, status: int = 201) -> bytes:
    told = {"line": number, "status": status}
    if status == 201:
        # A separator of lines to some, but not to JSON.
        return (
            orjson.dumps(told | {"answer": {"id": orjson.loads(body)["id"], "title": "A\u2028B", "findings": []}})
            + b"\n"
        )
    return orjson.dumps(told | {"problem": {"detail": "it fails"}}) + b"\n"


@dataclass(slots=True)
class Centre:
    """Answers as it is told to."""

    answer: Callable[[bytes], Response | bytes] = judged
    received: list[bytes] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.received.append(request.content)
        told = self.answer(request.content)
        return told if isinstance(told, Response) else Response(200, content=told)

    def client(self) -> Client:
        return Client(base_url="http://centre", transport=MockTransport(self))


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('post')}/post.db") as service:
        spool.prepare(service.services.database)
        yield service


@dataclass(slots=True)
class Sending:
    """A post that sends to a centre; `take` are events it took."""

    post: Service
    centre: Centre
    sender: Sender | None = None

    def take(self, *names: str) -> None:
        for name in names:
            changes = {"persons__0__document__number": name, "persons__0__document__expires_on": "2030-01-01"}
            assert self.post.post(event(id=name, **changes)).status_code == 201

    def start(self) -> Sender:
        self.sender = Sender(self.post.services.database, self.centre.client(), self.post.services.clock)
        return self.sender

    @property
    def lag(self) -> spool.Lag:
        with reading(self.post.services.database) as tx:
            return spool.lag(tx)


@pytest.fixture
def sending(post: Service) -> Iterator[Sending]:
    made = Sending(post, Centre())
    yield made
    if made.sender:
        made.centre.answer = judged
        until(lambda: made.lag.waiting == 0)
        made.sender.thread.stop()
        assert made.sender.thread.alive is False


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>log in</html>\n",
        b"",
        b"[]\n",
        b"{}\n",
        b'{"line":2,"status":201,"answer":{"findings":[]}}\n',
        b'{"line":1,"status":201,"answer":{}}\n',
        b'{"line":1,"status":503,"problem":{"detail":"later"}}\n',
        Response(502, content=b"<html>"),
        Response(401, content=b"{}"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_fault_of_the_line_and_the_event_is_sent_again(
    sending: Sending, answer: Response | bytes, request: pytest.FixtureRequest
) -> None:
    name = f"odd-{request.node.callspec.indices['answer']}"
    sending.take(name)
    sending.centre.answer = lambda _: answer
    sender = sending.start()
    until(lambda: len(sending.centre.received) > 2)
    assert sender.thread.alive
    assert sender.thread.fault
    assert sending.lag.waiting == 1
    sending.centre.answer = judged
    until(lambda: sending.lag.waiting == 0)
    until(lambda: sender.thread.fault is None)


def test_answers_are_told_apart_by_line_ends_alone(sending: Sending) -> None:
    sending.take("sep-1", "sep-2")
    sender = sending.start()
    until(lambda: sending.lag.waiting == 0)
    assert len(sending.centre.received) == 1
    assert sender.thread.fault is None
    assert sending.lag.refused == 0


def test_an_event_at_which_the_centre_fails_keeps_no_other_waiting_and_is_sent_again(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.forwarding.sending._FIRST_ASIDE", 0.05)
    sending.take("bad-1", "bad-2", "bad-3")

    def failing(content: bytes) -> bytes:
        bodies = enumerate(content.split(b"\n"), 1)
        return b"".join(line(number, each, 500 if b'"bad-2"' in each else 201) for number, each in bodies)

    sending.centre.answer = failing
    sender = sending.start()
    until(lambda: sending.lag.waiting == 1)
    until(lambda: sum(b'"bad-2"' in each for each in sending.centre.received) > 2)
    assert (sender.aside, sending.lag.waiting) == (1, 1)
    sending.centre.answer = judged
    until(lambda: sending.lag.waiting == 0)
    assert sender.aside == 0


def test_what_a_line_cannot_carry_at_once_is_sent_in_smaller_parts(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.take(*(f"part-{number}" for number in range(12)))

    def breaking(content: bytes) -> bytes:
        if content.count(b"\n") >= 2:
            raise httpx2.ReadError("broke off")
        return judged(content)

    monkeypatch.setattr("app.forwarding.sending._BYTES_AT_ONCE", 6000)
    sending.centre.answer = breaking
    sending.start()
    until(lambda: sending.lag.waiting == 0)
    sizes = [each.count(b"\n") + 1 for each in sending.centre.received]
    assert 2 < sizes[0] < 12, "the first was not bounded by its bytes"
    assert min(sizes) <= 2


@pytest.mark.parametrize(
    "said",
    [
        Response(503, headers={"Retry-After": "31"}),
        b'{"line":1,"status":429,"retry_after":31,"problem":{"detail":""}}\n',
    ],
)
def test_the_centre_says_when_to_come_again(sending: Sending, said: Response | bytes) -> None:
    sending.take(f"later-{type(said).__name__}")
    sending.centre.answer = lambda _: said
    sender = sending.start()
    until(lambda: sender.thread.fault is not None)
    time.sleep(0.2)
    assert len(sending.centre.received) == 1
    sender.thread.stop()
    sending.centre.answer = judged
    sending.start()


def test_what_the_centre_refuses_is_counted_and_tried_again_after_the_next_start(sending: Sending) -> None:
    before = sending.lag.refused
    sending.take("refused-1")
    sending.centre.answer = lambda content: line(1, content, 403)
    sending.start()
    until(lambda: sending.lag.waiting == 0)
    assert sending.lag.refused == before + 1
    spool.prepare(sending.post.services.database)
    sending.centre.answer = judged
    until(lambda: sending.lag.waiting == 0)
    assert sending.lag.refused == before


# --- the rulebook of the centre -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    found = compile_sources(read_sources(RULES))[0]
    assert found
    return Bundle(7, found.rulebook.digest, datetime(2026, 11, 23, tzinfo=UTC), found.rulebook.sources)


@pytest.fixture
def keeping(post: Service, tmp_path: Path, bundle: Bundle) -> Iterator[tuple[Keeper, Centre, list[str | None]]]:
    asked: list[str | None] = []
    centre = Centre(lambda _: Response(304))

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("if-none-match"))
        return centre(request)

    client = Client(base_url="http://centre", transport=MockTransport(answer))
    keeper = Keeper(post.services.database, client, KEY.public_key(), tmp_path, bundle, post.services.clock)
    yield keeper, centre, asked
    keeper.thread.stop()


def given(bundle: Bundle) -> Callable[[bytes], Response]:
    return lambda _: Response(200, headers={"ETag": f'"{bundle.revision}"'}, content=sign(bundle, KEY))


def test_a_centre_that_cannot_answer_now_refuses_nothing_and_a_refusal_ends_when_it_answers(
    keeping: tuple[Keeper, Centre, list[str | None]],
) -> None:
    keeper, centre, _ = keeping
    centre.answer = lambda _: Response(503)
    until(lambda: keeper.thread.fault is not None)
    assert keeper.refused is None
    centre.answer = lambda _: Response(404)
    until(lambda: keeper.refused is not None)
    centre.answer = lambda _: Response(304)
    until(lambda: keeper.refused is None)


def test_a_refused_rulebook_is_fetched_once(keeping: tuple[Keeper, Centre, list[str | None]], bundle: Bundle) -> None:
    keeper, centre, asked = keeping
    older = given(replace(bundle, revision=6))
    centre.answer = lambda _: Response(304) if asked[-1] == '"6"' else older(b"")
    until(lambda: '"6"' in asked)
    assert "older" in str(keeper.refused)
    until(lambda: asked.count('"6"') > 2)
    assert "older" in str(keeper.refused)
    centre.answer = given(replace(bundle, revision=8))
    until(lambda: keeper.revision == 8)
    assert keeper.refused is None


def test_a_full_disk_ends_nothing_and_is_told(
    keeping: tuple[Keeper, Centre, list[str | None]], bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, centre, _ = keeping

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(rulebook, "keep", full)
        centre.answer = given(replace(bundle, revision=8))
        until(lambda: "No space left" in str(keeper.thread.fault))
        assert keeper.revision == 7
    until(lambda: keeper.revision == 8)


def test_a_post_whose_rulebook_is_of_another_key_asks_the_centre(tmp_path: Path, bundle: Bundle) -> None:
    keep(tmp_path, sign(bundle, Ed25519PrivateKey.generate()))
    centre = Centre(lambda _: Response(503))
    with pytest.raises(Unavailable, match="to use"):
        at_start(centre.client(), KEY.public_key(), tmp_path)
    centre.answer = given(bundle)
    assert at_start(centre.client(), KEY.public_key(), tmp_path)[0] == bundle
    assert kept(tmp_path, KEY.public_key())


# --- the post's own service ---------------------------------------------------------------------------------


def test_a_post_shows_what_lanes_sent_to_its_own_key_alone_and_keeps_it_from_all_others(
    tmp_path: Path, bundle: Bundle
) -> None:
    folder, clock = tmp_path / "spool", MovedClock()
    folder.mkdir(0o755)
    (folder / "post.db").touch(0o644)
    keep(folder, sign(bundle, KEY))
    of_centre = dict(zip(("old", "new"), ("gk_0123456789abcdef_a", "gk_1123456789abcdef_b"), strict=True))

    def served(key: str) -> TestClient:
        settings = Settings(
            spool_dir=folder, centre_url="http://127.0.0.1:9", centre_key=key, rulebook_key=named(KEY.public_key())
        )
        return TestClient(build_post(settings, clock))

    def asked(client: TestClient, key: str) -> tuple[int, Any]:
        answer = client.get("/v1/forwarding", headers={"Authorization": f"Bearer {key}"})
        return answer.status_code, answer.json()

    with served(of_centre["old"]) as client:
        assert asked(client, of_centre["old"])[0] == 200
    database = connect(f"sqlite:///{folder}/post.db")
    with transaction(database) as tx:
        _, lane = keys.issue(tx, "lane 3", Role.CHECKPOINT, ["lane-3"], clock.now())
    database.dispose()
    with served(of_centre["new"]) as client:
        assert asked(client, of_centre["old"])[0] == 401
        status, told = asked(client, of_centre["new"])
        assert (status, told["waiting"], told["refused"], told["set_aside"], told["differences"]) == (200, 0, 0, 0, [])
        assert "differences" not in asked(client, lane)[1]
        assert client.get("/readyz").json()["forwarding"] == {"alive": True}
        modes = {each.stat().st_mode & 0o777 for each in folder.iterdir()}
        assert (folder.stat().st_mode & 0o777, modes) == (0o700, {0o600})


def test_a_key_goes_in_clear_to_no_other_machine_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text("gk_0123456789abcdef_a")
    more = ["--key-file", str(tmp_path / "key"), "--rulebook-key", named(KEY.public_key()), "--spool", str(tmp_path)]
    assert run(["forward", "--to", "http://127.0.0.1.example.org:80", *more]) == 2
    assert "--in-clear" in capsys.readouterr().err
