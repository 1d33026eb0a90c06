"""Histories of crossings for property tests: what is sent, in which order, and what is then on record."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from hypothesis import strategies as st
from sqlalchemy import Engine as Database
from sqlalchemy import text

from app.clock import FixedClock
from app.crossings.links import clusters
from app.errors import NotFound
from app.evaluation.pipeline import Pipeline, canonical_digest
from app.evaluation.record import Received
from app.evaluation.reload import InForce, compile_sources, put_in_force
from app.evaluation.revise import Revising
from app.identity import keys
from app.identity.roles import Role
from app.language.load import read_sources
from app.storage.engine import reading, transaction
from app.vocabulary.wire import Crossing

RULES = Path(__file__).with_name("history_rules")
FIRST = datetime(2025, 12, 20, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Move:
    """One crossing of a person with a carrier. `day` counts from FIRST; `document` 1 was issued when 0 had expired."""

    day: int
    hour: int
    person: int
    document: int
    direction: str
    checkpoint: str
    permits: str

    def body(self, name: str, world: str) -> dict[str, Any]:
        """The event; nothing in it belongs to two worlds."""
        issued = FIRST + timedelta(days=10 * self.document - 1)
        person: dict[str, Any] = {
            "role": "passenger",
            "surname": f"ERIKSSON{world}".translate(_LETTERS),
            "given_names": "ANNA" if self.person else "MARIA",
            "nationality": "CHN",
            "birth_date": "1990-04-02",
            "sex": "F",
            "document": {
                "kind": "passport",
                "issuer": "CHN",
                "number": f"{world}P{self.person}D{self.document}",
                "issued_on": issued.date().isoformat(),
            },
            "visa": None,
        }
        if self.permits != "not said":
            permit = {"kind": "residence_permit", "issuer": "RUS", "valid_from": None, "valid_until": None}
            person["permits"] = [permit] if self.permits == "residence" else []
        return {
            "id": f"{world}-{name}",
            "source": "histories",
            "occurred_at": (FIRST + timedelta(days=self.day, hours=self.hour)).isoformat(),
            "checkpoint": self.checkpoint,
            "direction": self.direction,
            "mode": "road",
            "persons": [person],
            "organizations": [{"role": "carrier", "country": "CHN", "identifiers": {"cn_uscc": f"{world}CARRIER"}}],
        }


_LETTERS = str.maketrans("0123456789-", "ABCDEFGHIJK")


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent: the event at a place of the history, then what became of it, one after the other."""

    event: int
    move: Move | None
    correction: bool


@dataclass(frozen=True, slots=True)
class History:
    """Each event's moves, the last of which counts; None at the end: it was withdrawn."""

    events: tuple[tuple[Move | None, ...], ...]

    def steps(self) -> list[list[Step]]:
        """What is sent of each event, in order."""
        return [
            [Step(place, move, correction=number > 0) for number, move in enumerate(moves)]
            for place, moves in enumerate(self.events)
        ]

    def final(self) -> "History":
        """The same as if it had been right from the beginning."""
        return History(tuple((moves[-1],) if moves[-1] else (moves[-2], None) for moves in self.events))


_MOVES = st.builds(
    Move,
    day=st.integers(0, 24),
    hour=st.sampled_from((0, 3, 13)),
    person=st.integers(0, 1),
    document=st.integers(0, 1),
    direction=st.sampled_from(("entry", "entry", "exit", "exit", "presence")),
    checkpoint=st.sampled_from(("RUS-ZABAYKALSK", "RUS-ZABAYKALSK", "RUS-VNUKOVO", "CHN-ALASHANKOU")),
    permits=st.sampled_from(("none", "none", "residence", "not said")),
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to eight events, some of them corrected once or twice, some withdrawn."""
    events = []
    for _ in range(draw(st.integers(1, 8))):
        corrections = draw(st.sampled_from((0, 0, 0, 1, 2)))
        moves: list[Move | None] = [draw(_MOVES) for _ in range(1 + corrections)]
        if draw(st.sampled_from((False, False, False, False, True))):
            moves.append(None)
        events.append(tuple(moves))
    return History(tuple(events))


@st.composite
def orders(draw: st.DrawFn, history: History) -> list[Step]:
    """All steps in any order in which each event's own follow each other; now and then one is sent twice."""
    left = [list(steps) for steps in history.steps()]
    order: list[Step] = []
    while any(left):
        place = draw(st.sampled_from([place for place, steps in enumerate(left) if steps]))
        order.append(left[place].pop(0))
        if draw(st.sampled_from((False, False, True))):
            order.append(replace(order[-1]))
    return order


@cache
def in_force(rules: Path) -> InForce:
    found, diagnostics = compile_sources(read_sources(rules))
    assert found, [str(each) for each in diagnostics]
    return found


@dataclass(frozen=True, slots=True)
class Servers:
    """One or more servers on one database."""

    database: Database
    pipelines: Sequence[Pipeline]
    credential: str

    def send(self, world: str, order: Sequence[Step], *, together: bool) -> None:
        """Send the steps, each to the next server; at once as far as an event's own order allows, or one by one."""
        waiting: dict[int, Future[Any]] = {}
        for number, step in enumerate(order):
            pipeline = self.pipelines[number % len(self.pipelines)]
            if step.event in waiting:
                waiting.pop(step.event).result(SECONDS)
            waiting[step.event] = self._step(pipeline, world, step)
            if not together:
                waiting.pop(step.event).result(SECONDS)
        for future in waiting.values():
            future.result(SECONDS)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is due any more."""
        for pipeline in self.pipelines:
            pipeline.wake().result(SECONDS)
        deadline = time.monotonic() + SECONDS
        while self.pipelines[0].backlog().waiting:
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def _step(self, pipeline: Pipeline, world: str, step: Step) -> Future[Any]:
        body = step.move.body(str(step.event), world) if step.move else None
        content = orjson.dumps(body) if body else b""
        received = Received(content, canonical_digest(body) if body else "", NOW, self.credential)
        event = Crossing.model_validate_json(content) if body else None
        if not step.correction:
            assert event
            return pipeline.ingest(event, received)
        crossing = self.crossing(f"{world}-{step.event}")
        return pipeline.revise(Revising(crossing, received, "made so in this history", event))

    def crossing(self, name: str) -> str:
        with reading(self.database) as tx:
            found = tx.execute(text("SELECT id FROM crossings WHERE event_id = :name"), {"name": name}).scalar()
        if found is None:
            raise NotFound(name)
        return str(found)

    def state(self, world: str) -> Mapping[str, Any]:
        """What is on record of a world, without the names and times that records are given as they arrive."""
        with reading(self.database) as tx:
            rows = tx.execute(text(_CURRENT), {"world": f"{world}-%"}).all()
            standing = tx.execute(text(_STANDING), {"world": f"{world}-%"}).all()
            terms = tx.execute(text(_TERMS), {"world": f"{world}-%"}).all()
            documents = [f"CHN:{world}P{person}D{document}" for person in (0, 1) for document in (0, 1)]
            same = {frozenset(found) for found in clusters(tx, documents).values()}
        return {
            "decisions": {row.event_id: _told(row) for row in rows},
            "violations": sorted(map(tuple, standing)),
            "terms": sorted((*row[:3], row.term.replace(world.translate(_LETTERS), "")) for row in terms),
            "same": sorted(map(sorted, same)),
        }


def _told(row: Any) -> tuple[Any, ...]:  # noqa: ANN401 (a row)
    facts = row.facts if isinstance(row.facts, list) else orjson.loads(row.facts)
    compliant = row.compliant if isinstance(row.compliant, list) else orjson.loads(row.compliant)
    reasons = [(each["rule"], each["missing"], each["reasons"]) for each in orjson.loads(row.answer)["findings"]]
    return row.outcome, facts, compliant, sorted(reasons)


_CURRENT = """
SELECT c.event_id, d.outcome, d.facts, d.compliant, d.answer FROM crossings c JOIN decisions d ON d.id = (
    SELECT n.id FROM decisions n WHERE n.crossing = c.id ORDER BY n.number DESC LIMIT 1)
WHERE c.event_id LIKE :world
"""
_STANDING = """
SELECT c.event_id, v.rule, v.version, v.subject_kind, v.subject_position, v.subject_key
FROM violations v JOIN crossings c ON c.id = v.crossing WHERE c.event_id LIKE :world AND v.status <> 'superseded'
"""
_TERMS = """
SELECT c.event_id, t.what, t.position, t.term FROM search_terms t JOIN crossings c ON c.id = t.crossing
WHERE c.event_id LIKE :world
"""


@contextmanager
def servers(database: Database, count: int = 1, rules: Path = RULES) -> Iterator[Servers]:
    """Servers with the rules of a folder."""
    with transaction(database) as tx:
        credential, _ = keys.issue(tx, "histories", Role.CHECKPOINT, ["*"], NOW)
    put_in_force(database, rules, NOW, "tests")
    pipelines = [Pipeline(database, in_force(rules), FixedClock(NOW)) for _ in range(count)]
    try:
        yield Servers(database, pipelines, credential.id)
    finally:
        for pipeline in pipelines:
            pipeline.close()
