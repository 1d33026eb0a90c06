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
from pathlib import Path
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

MANY, FEW = 2_000, 10
RULES = Path(__file__).parent.parent / "rules"
_ROUNDS = 60
_LAST = datetime(2026, 9, 1, 9, tzinfo=UTC)


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


def _event(name: str, person: str, at: datetime, direction: str) -> dict[str, Any]:
    return {
        "id": name,
        "source": "rus-bench",
        "occurred_at": at.isoformat(),
        "checkpoint": "RUS-ZABAYKALSK",
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


def _past(person: str, count: int, spacing: timedelta) -> list[dict[str, Any]]:
    """So many crossings before `_LAST`, an entry first, so that every second leaves nobody there."""
    first = _LAST - count * spacing
    return [
        _event(f"{person}-{number}", person, first + number * spacing, ("entry", "exit")[number % 2])
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


def evaluating(spacing: timedelta) -> dict[str, float]:
    """Milliseconds from an event to its committed decision, after few and after many crossings so far apart."""
    with _store() as store:
        for person, count in (("MANY", MANY), ("FEW", FEW)):
            store.send_all(_past(person, count, spacing))
            store.settle()
        took: dict[str, list[float]] = {"MANY": [], "FEW": []}
        for number in range(_ROUNDS):
            for person, times in took.items():
                at = _LAST + timedelta(hours=number)
                event = _event(f"{person}-new-{number}", person, at, ("entry", "exit")[number % 2])
                began = time.perf_counter()
                store.send(event)
                times.append(time.perf_counter() - began)
    return {person: statistics.median(times) * 1000 for person, times in took.items()}


def correcting() -> dict[str, float]:
    """Seconds for a correction of the first of many crossings with all that follows, and for sending those anew."""
    with _store() as store:
        past = _past("OLD", MANY, timedelta(hours=12))
        first = store.send_all(past)
        store.settle()
        began = time.perf_counter()
        for event in _past("NEW", MANY, timedelta(hours=12)):
            store.send(event)
        anew = time.perf_counter() - began
        store.settle()
        began = time.perf_counter()
        at = datetime.fromisoformat(past[0]["occurred_at"]) + timedelta(hours=1)
        store.correct(first, past[0] | {"occurred_at": at.isoformat()})
        store.settle()
        return {"correction": time.perf_counter() - began, "anew": anew}
