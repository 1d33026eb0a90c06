"""What a subject's history costs: evaluating a crossing after many earlier ones, and a correction at their beginning.

On SQLite with full synchronisation, through the pipeline, without HTTP; interleaved, in one run.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.clock import SystemClock
from app.evaluation.pipeline import Pipeline, canonical_digest
from app.evaluation.record import Received
from app.evaluation.reload import put_in_force
from app.evaluation.revise import Revising
from app.identity import keys
from app.identity.roles import Role
from app.main import MIGRATIONS, collect_seldom
from app.storage.engine import connect, transaction
from app.storage.migrate import upgrade
from app.vocabulary.wire import Crossing
from bench.server import RULES

SIZES = (10, 100, 500, 2_000)
FEW, MANY = SIZES[0], SIZES[-1]
_ROUNDS = 60
_LAST = datetime(2026, 9, 1, 9, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Earlier:
    """So far apart, the last of them so long ago; by turns at the checkpoints, an entry and an exit each."""

    apart: timedelta
    ago: timedelta = timedelta(0)
    checkpoints: tuple[str, ...] = ("RUS-ZABAYKALSK",)


# Of years ago: outside the longest window in which days are counted.
_LONG_AGO = 1200 * _DAY
_SCHENGEN = ("EST-NARVA", "FIN-VAALIMAA", "LTU-MEDININKAI", "LVA-TEREHOVA", "POL-TERESPOL")
CASES = {
    "one a day": Earlier(_DAY),
    "twelve a day": Earlier(timedelta(hours=2)),
    "one a day, until three years ago": Earlier(_DAY, _LONG_AGO),
    "the same, in five Schengen states": Earlier(_DAY, _LONG_AGO, _SCHENGEN),
}


@dataclass(frozen=True, slots=True)
class _Store:
    pipeline: Pipeline
    credential: str

    def send(self, event: dict[str, Any]) -> str:
        return self.pipeline.ingest(_read(event), self._received(event)).result().crossing

    def send_all(self, events: list[dict[str, Any]]) -> str:
        """Send them at once; the crossing of the first."""
        futures = [self.pipeline.ingest(_read(event), self._received(event)) for event in events]
        return next(iter([future.result().crossing for future in futures]))

    def correct(self, crossing: str, event: dict[str, Any]) -> None:
        self.pipeline.revise(Revising(crossing, self._received(event), "bench", _read(event))).result()

    def settle(self) -> None:
        while self.pipeline.backlog().waiting:
            time.sleep(0.005)

    def _received(self, event: dict[str, Any]) -> Received:
        return Received(orjson.dumps(event), canonical_digest(event), SystemClock().now(), self.credential)


def _read(event: dict[str, Any]) -> Crossing:
    return Crossing.model_validate_json(orjson.dumps(event))


def _event(name: str, person: str, at: datetime, direction: str, checkpoint: str) -> dict[str, Any]:
    return {
        "id": name,
        "source": "rus-bench",
        "occurred_at": at.isoformat(),
        "checkpoint": checkpoint,
        "direction": direction,
        "mode": "road",
        "persons": [
            {
                "role": "passenger",
                "surname": "ERIKSSON",
                "given_names": person,
                "nationality": "MNG",
                "birth_date": "1990-04-02",
                "sex": "F",
                "document": {
                    "kind": "passport",
                    "issuer": "MNG",
                    "number": person,
                    "issued_on": "2018-01-01",
                    "expires_on": "2032-01-01",
                },
                "visa": None,
                "permits": [],
                "stay_extension_until": None,
            }
        ],
        "observations": [],
    }


def _past(person: str, count: int, earlier: Earlier) -> list[dict[str, Any]]:
    """So many crossings before `_LAST`, an entry first, so that every second leaves nobody there."""
    first, places = _LAST - earlier.ago - count * earlier.apart, earlier.checkpoints
    return [
        _event(
            f"{person}-{number}",
            person,
            first + number * earlier.apart,
            ("entry", "exit")[number % 2],
            places[number // 2 % len(places)],
        )
        for number in range(count)
    ]


@contextmanager
def _store() -> Iterator[_Store]:
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/bench.db")
        upgrade(database, MIGRATIONS)
        clock = SystemClock()
        with transaction(database) as tx:
            credential, _ = keys.issue(tx, "bench", Role.CHECKPOINT, ["rus-bench"], clock.now())
        pipeline = Pipeline(database, put_in_force(database, RULES, clock.now(), "bench"), clock)
        collect_seldom()
        try:
            yield _Store(pipeline, credential.id)
        finally:
            pipeline.close()
            database.dispose()


def evaluating(earlier: Earlier) -> dict[int, float]:
    """Milliseconds from an event to its committed decision, by how many of these crossings came before it."""
    with _store() as store:
        for size in SIZES:
            store.send_all(_past(f"AFTER{size}", size, earlier))
            store.settle()
        took: dict[int, list[float]] = {size: [] for size in SIZES}
        for number in range(_ROUNDS):
            for size, times in took.items():
                at = _LAST + timedelta(hours=number)
                direction = ("entry", "exit")[number % 2]
                person = f"AFTER{size}"
                event = _event(f"{person}-new-{number}", person, at, direction, earlier.checkpoints[0])
                began = time.perf_counter()
                store.send(event)
                times.append(time.perf_counter() - began)
    return {size: statistics.median(times) * 1000 for size, times in took.items()}


def correcting() -> dict[str, float]:
    """Seconds for a correction of the first of many crossings with all that follows, and for sending those anew."""
    with _store() as store:
        past = _past("OLD", MANY, Earlier(_DAY / 2))
        first = store.send_all(past)
        store.settle()
        began = time.perf_counter()
        for event in _past("NEW", MANY, Earlier(_DAY / 2)):
            store.send(event)
        anew = time.perf_counter() - began
        store.settle()
        began = time.perf_counter()
        at = datetime.fromisoformat(past[0]["occurred_at"]) + timedelta(hours=1)
        store.correct(first, past[0] | {"occurred_at": at.isoformat()})
        store.settle()
        return {"correction": time.perf_counter() - began, "anew": anew}
