"""The one way of an event to a committed decision: one thread that evaluates and writes what is waiting.

The C engine belongs to one thread, and one transaction for all that waits costs one flush to disk instead of many.
An event is answered after the transaction that holds its decision is committed (law 1).
"""

import hashlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import Engine as Database

from app.backends.rete import available
from app.clock import Clock
from app.crossings import records as crossings
from app.errors import Conflict, Unavailable
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine
from app.evaluation.record import Received, Recorded, record
from app.evaluation.reload import InForce
from app.storage.engine import Transaction, transaction
from app.violations import records as violations
from app.vocabulary.wire import Crossing

_AT_ONCE: Final = 128
_WAITING: Final = 4096
_RACES: Final = 3
_STOPPING: Final = "The service is stopping; send the event again."


@dataclass(frozen=True, slots=True)
class Stored:
    """What the sender is told. `replayed` if the event was stored before; `decision` is None then."""

    crossing: str
    answer: bytes
    replayed: bool
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: Crossing
    received: Received
    future: Future[Stored] = field(default_factory=Future)

    @property
    def key(self) -> crossings.Key:
        return self.event.source, self.event.id


@dataclass(frozen=True, slots=True)
class _Asked:
    event: Crossing
    every: bool
    future: Future[Decision] = field(default_factory=Future)


_Task: TypeAlias = _Waiting | _Asked | None
_Settled: TypeAlias = Stored | Exception


class Pipeline:
    """Owns the evaluating thread and, in it, the engine."""

    def __init__(self, database: Database, in_force: InForce, clock: Clock, *, cross_check: bool = True) -> None:
        self._database, self._clock, self._in_force = database, clock, in_force
        self._cross_check = cross_check
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._closed = False
        # Between the question whether it is closed and the task's place in the queue nothing may come.
        self._entrance = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="evaluating", daemon=True)
        self._thread.start()

    @property
    def in_force(self) -> InForce:
        """The rulebook events are judged by."""
        return self._in_force

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return self._tasks.qsize()

    @property
    def rete(self) -> str:
        """Whether the Rete nominates too, or why not."""
        lost = self._engine.lost if self._engine else ()
        return available() or (f"failed, the index serves alone: {lost[0]}" if lost else "nominates")

    @property
    def alive(self) -> bool:
        """Whether the evaluating thread runs."""
        return self._thread.is_alive()

    def ingest(self, event: Crossing, received: Received) -> Future[Stored]:
        """Evaluate and store; the future fails with Invalid, Conflict or Unavailable where nothing was stored."""
        task = _Waiting(event, received)
        self._put(task)
        return task.future

    def evaluate(self, event: Crossing, *, every: bool = False) -> Future[Decision]:
        """Evaluate only."""
        task = _Asked(event, every)
        self._put(task)
        return task.future

    def close(self) -> None:
        """Finish what waits, then end the thread."""
        with self._entrance:
            self._closed = True
        if self.alive:
            self._tasks.put(None)
            self._thread.join()

    def _put(self, task: _Task) -> None:
        with self._entrance:
            if self._closed:
                raise Unavailable(_STOPPING)
            if self._tasks.qsize() >= _WAITING:
                raise Unavailable("More events are waiting than can be taken; send the event again later.")
            self._tasks.put(task)

    def _run(self) -> None:
        try:
            engine = Engine(self._in_force.rulebook, self._in_force.reference, cross_check=self._cross_check)
            self._engine = engine
            try:
                while self._turn(engine):
                    pass
            finally:
                engine.close()
        finally:
            self._refuse_what_waits()

    def _refuse_what_waits(self) -> None:
        """Whatever ended this thread, nobody may wait for it for ever."""
        with self._entrance:
            self._closed = True
        while not self._tasks.empty():
            if task := self._tasks.get_nowait():
                _resolve(task.future, Unavailable(_STOPPING))

    def _turn(self, engine: Engine) -> bool:
        """Take what waits and settle it; False when asked to end."""
        tasks = [self._tasks.get()]
        while len(tasks) < _AT_ONCE and not self._tasks.empty():
            tasks.append(self._tasks.get_nowait())
        # Lanes first: who only asks may wait.
        self._ingest(engine, [task for task in tasks if isinstance(task, _Waiting)])
        for task in tasks:
            if isinstance(task, _Asked):
                _settle(task.future, lambda task=task: engine.evaluate(task.event, every=task.every))  # type: ignore[misc]
        return None not in tasks

    def _ingest(self, engine: Engine, tasks: Sequence[_Waiting]) -> None:
        if not tasks:
            return
        try:
            settled = self._store(engine, tasks)
        except Exception as error:  # noqa: BLE001 (the senders are told, and the thread must live on)
            if len(tasks) > 1 and not isinstance(error, Unavailable):
                # The database refused one of them; the others must not suffer for it.
                for task in tasks:
                    self._ingest(engine, [task])
                return
            settled = [error] * len(tasks)
        for task, result in zip(tasks, settled, strict=True):
            _resolve(task.future, result)

    def _store(self, engine: Engine, tasks: Sequence[_Waiting]) -> list[_Settled]:
        for _ in range(_RACES):
            try:
                with transaction(self._database) as tx:
                    return self._in_one(tx, engine, tasks)
            except crossings.Raced:
                continue
        raise Unavailable("Other servers are storing the same events; send them again.")

    def _in_one(self, tx: Transaction, engine: Engine, tasks: Sequence[_Waiting]) -> list[_Settled]:
        known = crossings.known(tx, {task.key for task in tasks})
        made: list[Recorded] = []
        settled: list[_Settled] = []
        for task in tasks:
            before = known.get(task.key)
            if before is None:
                result = self._judge(engine, task)
                if isinstance(result, _New):
                    made.append(result.recorded)
                    row = result.recorded.crossing
                    known[task.key] = crossings.Known(row.id, row.body_digest, result.recorded.answer)
                    settled.append(Stored(row.id, result.recorded.answer, replayed=False, decision=result.decision))
                else:
                    settled.append(result)
            else:
                settled.append(_again(before, task))
        # Servers that store the same events in the same order wait for each other, and never both at once.
        made.sort(key=lambda each: (each.crossing.source, each.crossing.event_id))
        crossings.store(tx, [each.crossing for each in made])
        violations.store(tx, [row for each in made for row in each.violations])
        return settled

    def _judge(self, engine: Engine, task: _Waiting) -> "_New | Exception":
        try:
            decision = engine.evaluate(task.event)
            return _New(record(task.received, decision, engine.rulebook, self._clock.now()), decision)
        except Exception as error:  # noqa: BLE001 (one event's fault must not spoil the others')
            return error


@dataclass(frozen=True, slots=True)
class _New:
    recorded: Recorded
    decision: Decision


def canonical_digest(event: Any) -> str:  # noqa: ANN401 (any JSON)
    """SHA-256 of the event's canonical JSON: the same event in another order of members is the same event."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _again(before: crossings.Known, task: _Waiting) -> _Settled:
    if before.body_digest == task.received.body_digest:
        return Stored(before.crossing, before.answer, replayed=True)
    source, event_id = task.key
    return Conflict(f"Event {event_id} of {source} is stored with another body as crossing {before.crossing}.")


def _settle(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        _resolve(future, work())
    except Exception as error:  # noqa: BLE001 (whoever asked is told)
        _resolve(future, error)


def _resolve(future: Future[Any], result: object) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
