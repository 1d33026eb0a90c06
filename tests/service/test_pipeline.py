"""The one way of an event to a decision: nobody waits for ever, and nobody suffers for another's event."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import text

from app.backends.rete import EngineError
from app.clock import FixedClock
from app.crossings import records
from app.crossings.due import Share
from app.errors import Conflict, Invalid, Unavailable
from app.evaluation.batch import Stored
from app.evaluation.compiled import Second
from app.evaluation.engine import Engine
from app.evaluation.pipeline import Pipeline, canonical_digest
from app.evaluation.record import Received
from app.evaluation.reload import put_in_force
from app.identity import keys
from app.identity.roles import Role
from app.main import _end_after
from app.storage.engine import transaction
from app.vocabulary.wire import Crossing
from tests.factories import crossing, event
from tests.service.serving import RULES

NOW = datetime(2026, 3, 1, 0, 20, tzinfo=UTC)
SECONDS = 30


@pytest.fixture
def credential(engine: Database) -> str:
    with transaction(engine) as tx:
        return keys.issue(tx, "lane", Role.CHECKPOINT, ["*"], NOW)[0].id


@pytest.fixture
def pipeline(engine: Database) -> Iterator[Pipeline]:
    made = Pipeline(engine, put_in_force(engine, RULES, NOW, "tests"), FixedClock(NOW))
    yield made
    made.close()


@pytest.fixture
def send(pipeline: Pipeline, credential: str) -> Callable[..., Future[Stored]]:
    def sending(**changes: Any) -> Future[Stored]:  # noqa: ANN401 (any member)
        received = Received(b"{}", canonical_digest(event(**changes)), NOW, credential)
        return pipeline.ingest(crossing(**changes), received)

    return sending


def held(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Keep the thread busy, so that what is sent meanwhile is taken at once; it goes on when the event is set."""
    go, began = threading.Event(), threading.Event()
    prepare = Engine.prepare

    def waiting(self: Engine, made: Any, crossing: str = "") -> Any:  # noqa: ANN401 (as what it stands for)
        if made.id == "holds":
            began.set()
            assert go.wait(SECONDS)
        return prepare(self, made, crossing)

    monkeypatch.setattr(Engine, "prepare", waiting)
    pipeline.evaluate(crossing(id="holds"))
    assert began.wait(SECONDS)
    return go


def test_what_came_together_is_stored_together_and_each_told_its_own(
    pipeline: Pipeline, send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(pipeline, monkeypatch)
    futures = {
        "new": send(id="new"),
        "again": send(id="new"),
        "other body": send(id="new", direction="exit"),
        "nowhere": send(id="nowhere", checkpoint="RUS-NOWHERE"),
        "last": send(id="last"),
    }
    assert pipeline.waiting == 5
    go.set()
    wait(futures.values(), SECONDS)
    new, again = futures["new"].result(), futures["again"].result()
    assert (new.replayed, again.replayed) == (False, True)
    assert new.answer == again.answer
    assert isinstance(futures["other body"].exception(), Conflict)
    assert isinstance(futures["nowhere"].exception(), Invalid)
    assert not futures["last"].result().replayed


def test_who_only_asks_is_told_the_same_together_with_others_as_alone(
    pipeline: Pipeline, send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"in": "2026-01-10", "out": "2026-01-20", "again": "2026-02-20"}
    for name, direction in (("in", "entry"), ("out", "exit"), ("again", "entry")):
        send(id=name, direction=direction, occurred_at=f"{days[name]}T09:15:00+09:00").result(SECONDS)
    asked = [
        crossing(id="new", direction="exit"),
        crossing(id="another", direction="exit", occurred_at="2026-02-25T09:15:00+09:00"),
        # What is asked of the past of one reaches nowhere near the other.
        crossing(id="out", direction="exit", occurred_at="2026-01-15T09:15:00+09:00"),
        crossing(id="out", direction="exit", occurred_at="2031-02-27T09:15:00+09:00"),
        crossing(id="nowhere", checkpoint="RUS-NOWHERE"),
    ]

    def told(future: Future[Any]) -> Any:  # noqa: ANN401 (a decision, or what was refused)
        error = future.exception(SECONDS)
        return str(error) if error else future.result().judgements

    alone = [told(pipeline.evaluate(each, remember=True)) for each in asked]
    # Each was told of a past of its own.
    assert len({repr(each) for each in alone}) == len(asked)
    go = held(pipeline, monkeypatch)
    together = [pipeline.evaluate(each, remember=True) for each in asked]
    go.set()
    assert list(map(told, together)) == alone


def test_an_event_the_database_refuses_does_not_keep_others_from_being_stored(
    pipeline: Pipeline, send: Callable[..., Future[Stored]], engine: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(pipeline, monkeypatch)
    store = records.store

    def refusing(tx: Any, crossings: Any) -> None:  # noqa: ANN401 (as what it stands for)
        store(tx, crossings)
        if any(each.event_id == "refused" for each in crossings):
            tx.execute(text("INSERT INTO crossings (id) VALUES ('incomplete')"))

    monkeypatch.setattr(records, "store", refusing)
    futures = [send(id=name) for name in ("first", "refused", "last")]
    go.set()
    wait(futures, SECONDS)
    first, refused, last = futures
    assert (first.result().replayed, last.result().replayed) == (False, False)
    assert refused.exception()
    with transaction(engine) as tx:
        assert set(tx.execute(text("SELECT event_id FROM crossings")).scalars()) == {"first", "last"}


def test_a_sender_who_gave_up_keeps_nobody_from_an_answer(
    pipeline: Pipeline, send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(pipeline, monkeypatch)
    given_up, other = send(id="given-up"), send(id="other")
    assert given_up.cancel()
    go.set()
    assert not other.result(SECONDS).replayed
    assert send(id="given-up").result(SECONDS).replayed


def test_what_waits_when_the_service_stops_is_finished_and_what_comes_later_refused(
    pipeline: Pipeline, send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(pipeline, monkeypatch)
    waiting = [send(id=f"waits-{n}") for n in range(300)]
    closing = threading.Thread(target=pipeline.close)
    closing.start()
    go.set()
    closing.join(SECONDS)
    assert all(not each.result(0).replayed for each in waiting)
    assert not pipeline.alive
    with pytest.raises(Unavailable):
        send(id="late")
    pipeline.close()


def test_more_than_can_wait_is_refused_and_not_forgotten(engine: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.evaluation.pipeline._WAITING", 5)
    small = Pipeline(engine, put_in_force(engine, RULES, NOW, "tests"), FixedClock(NOW))
    go = held(small, monkeypatch)
    futures = [small.evaluate(crossing(id="tried")) for _ in range(5)]
    with pytest.raises(Unavailable, match="later"):
        small.evaluate(crossing(id="tried"))
    go.set()
    assert all(each.result(SECONDS).outcome == "compliant" for each in futures)
    assert small.evaluate(crossing(id="tried")).result(SECONDS).event.id == "tried"
    small.close()


def test_a_thread_that_ends_leaves_nobody_waiting(
    pipeline: Pipeline, send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(pipeline, monkeypatch)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def ending(*_: object) -> bool:
        raise SystemExit

    monkeypatch.setattr(Pipeline, "_turn", ending)
    future = send(id="waits")
    go.set()
    assert isinstance(future.exception(SECONDS), Unavailable)
    with pytest.raises(Unavailable):
        send(id="later")
    ended: list[int] = []
    monkeypatch.setattr("os.kill", lambda _, number: ended.append(number))
    _end_after(pipeline.failed)
    assert ended == [signal.SIGTERM], "a worker lives on that judges nothing"
    pipeline.close()


def test_a_thread_that_was_asked_to_end_ends_no_worker(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.kill", lambda *_: pytest.fail("a worker was ended"))
    pipeline.close()
    _end_after(pipeline.failed)


def test_events_of_many_persons_wait_and_are_taken_by_their_persons(
    engine: Database, credential: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evaluation.pipeline._WAITING", 50)
    monkeypatch.setattr("app.evaluation.pipeline._AT_ONCE", Share(crossings=100, persons=25))
    together: list[int] = []
    store = Pipeline._store  # noqa: SLF001 (what it takes at once is seen nowhere else)

    def counting(self: Pipeline, at: Engine, tasks: Any) -> Any:  # noqa: ANN401 (as what it stands for)
        together.append(len(tasks))
        return store(self, at, tasks)

    monkeypatch.setattr(Pipeline, "_store", counting)
    small = Pipeline(engine, put_in_force(engine, RULES, NOW, "tests"), FixedClock(NOW))
    go = held(small, monkeypatch)
    futures = []

    def take(name: str) -> None:
        body = event(id=name)
        body["persons"] *= 10
        content = orjson.dumps(body)
        received = Received(content, canonical_digest(body), NOW, credential)
        futures.append(small.ingest(Crossing.model_validate_json(content), received))

    for number in range(5):
        take(f"many-{number}")
    with pytest.raises(Unavailable, match="later"):
        take("one-more")
    go.set()
    assert all(each.result(SECONDS) for each in futures)
    assert max(together) == 3
    small.close()


def test_a_database_that_is_away_is_told_and_the_thread_lives_on(
    send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("The database cannot answer now; try again later.")

    with monkeypatch.context() as patched:
        patched.setattr(records, "known", away)
        assert isinstance(send(id="lost?").exception(SECONDS), Unavailable)
    assert not send(id="lost?").result(SECONDS).replayed


def test_an_event_raced_by_another_server_is_looked_up_again(
    send: Callable[..., Future[Stored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = send(id="raced").result(SECONDS)
    known, calls = records.known, []

    def late(*given: Any) -> Any:  # noqa: ANN401 (as what it stands for)
        calls.append(given)
        return known(*given) if len(calls) > 1 else {}

    monkeypatch.setattr(records, "known", late)
    again = send(id="raced").result(SECONDS)
    assert (again.replayed, again.answer, len(calls)) == (True, first.answer, 2)


def test_a_future_is_awaited_without_holding_the_loop(pipeline: Pipeline) -> None:
    async def both() -> list[str]:
        tasks = [asyncio.wrap_future(pipeline.evaluate(crossing(id=name))) for name in ("a", "b")]
        return [(await each).event.id for each in tasks]

    assert asyncio.run(both()) == ["a", "b"]


def test_the_digest_is_of_the_event_and_not_of_its_spelling() -> None:
    made = event()
    assert canonical_digest(made) == canonical_digest(dict(reversed(made.items())))
    assert canonical_digest(made) != canonical_digest(made | {"cargo": None})


def test_a_rete_that_fails_leaves_the_index_to_serve_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[str] = []
    second = Second([], lost, wanted=False)

    class Failing:
        def nominate(self, facts: object) -> frozenset[int]:
            raise EngineError(f"assert_fact answered 303 on {facts}")

    monkeypatch.setattr(second, "_rete", Failing())
    assert second.nominate({}) is None
    assert lost == ["assert_fact answered 303 on {}"]
    assert second.nominate({}) is None, "it is not asked again"
    assert len(lost) == 1
