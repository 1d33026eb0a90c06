"""The one way of an event to a committed decision: one thread that evaluates and writes what is waiting.

The C engine belongs to one thread, and one transaction for all that waits costs one flush to disk instead of many.
An event is answered after the transaction that holds its decision is committed (law 1). The same thread judges stored
crossings again where their subjects' history has changed: after the lanes, and a few at a time.
"""

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import orjson
import structlog
from sqlalchemy import Engine as Database

from app.backends.rete import available
from app.clock import Clock
from app.crossings import due
from app.crossings import records as crossings
from app.crossings.due import Share
from app.errors import Busy, Conflict, Unavailable
from app.evaluation import past, rederive, revise
from app.evaluation.batch import Batch, Stored
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine, Prepared
from app.evaluation.record import Received, new_id
from app.evaluation.reload import InForce
from app.evaluation.revise import Revised, Revising
from app.identity.remit import EVERYWHERE, Remit
from app.language.diagnostics import Diagnostic
from app.storage.engine import Transaction, reading, transaction
from app.vocabulary.past import Past, Traffic
from app.vocabulary.wire import Crossing

# Of persons, which cost time and memory; an event of none counts as one.
_AT_ONCE: Final = Share(crossings=128, persons=1024)
_WAITING: Final = 4096
_RACES: Final = 3
# What is judged again in one transaction, while lanes wait; little where they do already. A person takes a millisecond.
_AGAIN: Final = Share(crossings=64, persons=200)
_AGAIN_AMID: Final = Share(crossings=8, persons=32)
# How often it is looked up whether another server left something due.
_POLL_SECONDS: Final = 1.0
_STOPPING: Final = "The service is stopping; send the event again."
_log = structlog.get_logger()


_T_contra = TypeVar("_T_contra", contravariant=True)


class Told(Protocol[_T_contra]):
    """What an answer is given to: a future, or whatever is like one."""

    def set_running_or_notify_cancel(self) -> bool: ...

    def set_result(self, result: _T_contra, /) -> None: ...

    def set_exception(self, exception: BaseException, /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: Crossing
    received: Received
    future: Told[Stored]

    @property
    def key(self) -> crossings.Key:
        return self.event.source, self.event.id


@dataclass(frozen=True, slots=True)
class _Asked:
    event: Crossing
    every: bool
    remember: bool
    remit: Remit
    future: Future[Decision] = field(default_factory=Future)

    @property
    def key(self) -> crossings.Key:
        return self.event.source, self.event.id


@dataclass(frozen=True, slots=True)
class _Correcting:
    revising: Revising
    future: Future[Revised] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Waking:
    """Somebody has left something due."""

    future: Future[None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Renewing:
    in_force: InForce
    future: Future[None] = field(default_factory=Future)


_Task: TypeAlias = _Waiting | _Asked | _Correcting | _Waking | _Renewing | None
_Settled: TypeAlias = Stored | Exception
_Remembering: TypeAlias = tuple[Prepared, list[Past], Traffic]


class Pipeline:
    """Owns the evaluating thread and, in it, the engine."""

    def __init__(self, database: Database, in_force: InForce, clock: Clock, *, cross_check: bool = True) -> None:
        self._database, self._clock, self._in_force = database, clock, in_force
        self._cross_check = cross_check
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._closed = self._asked_to_end = False
        self._due = True
        # Of all tasks in the queue.
        self._persons = 0
        self._look_at = 0.0
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

    def failed(self) -> bool:
        """Wait until the thread ends; whether it did so by itself."""
        self._thread.join()
        return not self._asked_to_end

    def ingest(self, event: Crossing, received: Received) -> Future[Stored]:
        """Evaluate and store; the future fails with Invalid, Conflict or Unavailable where nothing was stored."""
        future: Future[Stored] = Future()
        self.take(event, received, future)
        return future

    def take(self, event: Crossing, received: Received, told: Told[Stored]) -> None:
        """As `ingest`, for whoever has something else than a future to be told by."""
        self._put(_Waiting(event, received, told))

    def evaluate(
        self, event: Crossing, *, every: bool = False, remember: bool = False, remit: Remit = EVERYWHERE
    ) -> Future[Decision]:
        """Evaluate only; with `remember` by what is on record of the subjects, else as if nothing were.

        Of whom never crossed within the remit nothing is remembered.
        """
        task = _Asked(event, every, remember, remit)
        self._put(task)
        return task.future

    def revise(self, revising: Revising) -> Future[Revised]:
        """Correct or withdraw a stored crossing; fails as `ingest`, and with NotFound."""
        task = _Correcting(revising)
        self._put(task)
        return task.future

    def wake(self) -> Future[None]:
        """Say that crossings have become due; done as soon as the thread has taken note.

        Raises nothing: what is due is in the database, and is found there by itself where nobody can be told.
        """
        task = _Waking()
        try:
            self._put(task)
        except Unavailable as error:
            _resolve(task.future, error)
        return task.future

    def renew(self, in_force: InForce) -> Future[None]:
        """Judge by another rulebook from the next event on."""
        task = _Renewing(in_force)
        self._put(task)
        return task.future

    def tell_stale(self, stale: tuple[Diagnostic, ...]) -> None:
        """Say what keeps another rulebook from being in force."""
        self._in_force = replace(self._in_force, stale=stale)

    def backlog(self) -> due.Backlog:
        """What waits to be judged again; raises Unavailable without a database."""
        with reading(self._database) as tx:
            return due.backlog(tx)

    def close(self) -> None:
        """Finish what waits, then end the thread."""
        with self._entrance:
            self._closed = self._asked_to_end = True
        if self.alive:
            self._tasks.put(None)
            self._thread.join()

    def _put(self, task: _Task) -> None:
        with self._entrance:
            if self._closed:
                raise Unavailable(_STOPPING)
            if self._persons >= _WAITING:
                raise Busy("More events are waiting than can be taken; send the event again later.")
            self._persons += _persons(task)
            self._tasks.put(task)

    def _run(self) -> None:
        try:
            self._engine = self._made(self._in_force)
            with self._given_up(), transaction(self._database) as tx:
                due.start_over(tx)
            try:
                while self._turn(self._engine):
                    pass
            finally:
                self._engine.close()
        finally:
            self._refuse_what_waits()

    def _made(self, in_force: InForce) -> Engine:
        return Engine(in_force.rulebook, in_force.reference, cross_check=self._cross_check)

    def _renew(self, in_force: InForce) -> None:
        # It may fail; then all stays as it is.
        made, before = self._made(in_force), self._engine
        self._in_force, self._engine = in_force, made
        if before:
            before.close()

    def _refuse_what_waits(self) -> None:
        """Whatever ended this thread, nobody may wait for it for ever."""
        with self._entrance:
            self._closed = True
        while not self._tasks.empty():
            if task := self._tasks.get_nowait():
                _resolve(task.future, Unavailable(_STOPPING))

    def _turn(self, engine: Engine) -> bool:
        """Take what waits and settle it; False when asked to end."""
        tasks = self._take()
        # Lanes first: who only asks may wait.
        self._ingest(engine, [task for task in tasks if isinstance(task, _Waiting)])
        for task in tasks:
            if isinstance(task, _Correcting):
                self._due = True
                _settle(task.future, lambda task=task: self._revise(engine, task.revising))  # type: ignore[misc]
            elif isinstance(task, _Waking):
                self._due = True
                _resolve(task.future, None)
        self._answer(engine, [task for task in tasks if isinstance(task, _Asked)])
        if None in tasks:
            return False
        self._judge_again(engine)
        for task in tasks:
            if isinstance(task, _Renewing):
                _settle(task.future, lambda task=task: self._renew(task.in_force))  # type: ignore[misc]
        return True

    def _take(self) -> list[_Task]:
        """What waits, at most so many at once; if nothing does and nothing is known to be due, wait a while for it."""
        tasks: list[_Task] = []
        persons = 0
        # However busy lanes are: what a link, the day at a checkpoint or another server left is looked for.
        self._due = self._due or monotonic() >= self._look_at
        try:
            tasks.append(self._tasks.get_nowait() if self._due else self._tasks.get(timeout=_POLL_SECONDS))
            while (persons := persons + _persons(tasks[-1])) < _AT_ONCE.persons and len(tasks) < _AT_ONCE.crossings:
                tasks.append(self._tasks.get_nowait())
        except queue.Empty:
            self._due = self._due or not tasks
        with self._entrance:
            self._persons -= persons
        return tasks

    def _judge_again(self, engine: Engine) -> None:
        if not self._due:
            return
        self._look_at = monotonic() + _POLL_SECONDS
        share = _AGAIN if self._tasks.empty() else _AGAIN_AMID
        try:
            with transaction(self._database) as tx:
                self._due = rederive.run(tx, engine, share, self._clock.now()) > 0
        except Unavailable:
            self._due = False
        except Exception as error:  # noqa: BLE001 (the thread must live on)
            _log.error("crossings could not be judged again together", error=type(error).__name__)
            self._judge_again_apart(engine, share)

    def _judge_again_apart(self, engine: Engine, share: Share) -> None:
        """One by one, so that one of them that cannot be judged again keeps no other from it."""
        with self._given_up():
            with transaction(self._database) as tx:
                chosen = due.first(tx, share)
            for each in chosen:
                try:
                    with transaction(self._database) as tx:
                        rederive.judge_again(tx, engine, [each], self._clock.now())
                except Unavailable:
                    raise
                except Exception as error:  # noqa: BLE001 (it is set aside, and seen in the health of the service)
                    _log.error("a crossing cannot be judged again", crossing=each.crossing, error=type(error).__name__)
                    with transaction(self._database) as tx:
                        due.set_aside(tx, each.crossing, type(error).__name__)

    @contextmanager
    def _given_up(self) -> Iterator[None]:
        """Without a database nothing is judged again for now."""
        try:
            yield
        except Unavailable:
            self._due = False

    def _revise(self, engine: Engine, revising: Revising) -> Revised:
        with transaction(self._database) as tx:
            return revise.run(tx, engine, revising, self._clock.now())

    def _answer(self, engine: Engine, tasks: Sequence[_Asked]) -> None:
        """Tell those who only ask; what is on record is read for many at once."""
        left = []
        for task in tasks:
            if task.remember:
                left.append(task)
            else:
                _settle(task.future, lambda task=task: engine.judge(engine.prepare(task.event), every=task.every))  # type: ignore[misc]
        while left:
            # Not of one event at once: they may differ in all but its key.
            first = {task.key: task for task in reversed(left)}
            left = [task for task in left if first[task.key] is not task]
            self._recall(engine, list(first.values()))

    def _recall(self, engine: Engine, tasks: Sequence[_Asked]) -> None:
        try:
            with reading(self._database) as tx:
                # Of an event that is stored, the past is what came before it.
                known, now = crossings.known(tx, {task.key for task in tasks}), self._clock.now()
                names = [known[task.key].crossing if task.key in known else new_id(now) for task in tasks]
                prepared = [_prepared(engine, *each) for each in zip(tasks, names, strict=True)]
                pasts = past.load(tx, engine, [each for each in prepared if isinstance(each, Prepared)])
                remembering: list[_Remembering | Exception] = [
                    (each, *past.told(tx, task.remit, pasts, each)) if isinstance(each, Prepared) else each
                    for task, each in zip(tasks, prepared, strict=True)
                ]
        except Exception as error:  # noqa: BLE001 (whoever asked is told, and the thread must live on)
            if len(tasks) > 1 and not isinstance(error, Unavailable):
                # One of them is at fault; the others must not suffer for it.
                for task in tasks:
                    self._recall(engine, [task])
            else:
                for task in tasks:
                    _resolve(task.future, error)
            return
        for task, asked in zip(tasks, remembering, strict=True):
            _settle(task.future, lambda task=task, asked=asked: _judged(engine, asked, every=task.every))  # type: ignore[misc]

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
        now = self._clock.now()
        prepared = [_prepared(engine, task, new_id(now)) for task in tasks]
        past.alone(tx, engine, [each for each in prepared if isinstance(each, Prepared)])
        known = crossings.known(tx, {task.key for task in tasks})
        # In the order of time, so that none of them need be judged again for another.
        order = sorted(range(len(tasks)), key=lambda place: tasks[place].event.occurred_at)
        new: dict[crossings.Key, Prepared] = {}
        for place in order:
            each = prepared[place]
            if isinstance(each, Prepared) and tasks[place].key not in known:
                new.setdefault(tasks[place].key, each)
        batch = Batch(tx, engine, now, list(new.values()))
        settled: list[_Settled] = [Unavailable(_STOPPING)] * len(tasks)
        for place in order:
            task, each = tasks[place], prepared[place]
            before = known.get(task.key)
            if before is None and isinstance(each, Prepared):
                with _kept(settled, place):
                    stored = batch.judge(task.received, each)
                    known[task.key] = crossings.Known(stored.crossing, task.received.body_digest, stored.answer)
                    settled[place] = stored
            else:
                settled[place] = each if before is None and isinstance(each, Exception) else _again(before, task)
        self._due = batch.store() or self._due
        return settled


def _persons(task: _Task) -> int:
    return max(1, len(task.event.persons or ())) if isinstance(task, _Waiting | _Asked) else 1


def _prepared(engine: Engine, task: _Waiting | _Asked, identifier: str) -> Prepared | Exception:
    try:
        return engine.prepare(task.event, identifier)
    except Exception as error:  # noqa: BLE001 (one event's fault must not spoil the others')
        return error


def _judged(engine: Engine, asked: _Remembering | Exception, *, every: bool) -> Decision:
    if isinstance(asked, Exception):
        raise asked
    event, pasts, traffic = asked
    return replace(engine.judge(event, pasts, traffic, every=every), remembered=past.newest(pasts))


@contextmanager
def _kept(settled: list[_Settled], place: int) -> Iterator[None]:
    """An error becomes the answer of this event alone."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 (one event's fault must not spoil the others')
        settled[place] = error


def canonical_digest(event: Any) -> str:  # noqa: ANN401 (any JSON)
    """SHA-256 of the event's canonical JSON: the same event in another order of members is the same event."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _again(before: crossings.Known | None, task: _Waiting) -> _Settled:
    assert before is not None  # noqa: S101 (an event is new, or at fault, or stored before)
    if before.body_digest == task.received.body_digest:
        return Stored(before.crossing, before.answer, replayed=True, revision=before.revision)
    source, event_id = task.key
    return Conflict(f"Event {event_id} of {source} is stored with another body as crossing {before.crossing}.")


def _settle(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        _resolve(future, work())
    except Exception as error:  # noqa: BLE001 (whoever asked is told)
        _resolve(future, error)


def _resolve(future: Told[Any], result: object) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
