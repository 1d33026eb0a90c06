"""Law 3: a stored decision, judged again from its stored rulebook and facts, gives the same verdicts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine as Database

from app.crossings import records
from app.crossings.records import Replayable
from app.errors import NotFound
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine
from app.evaluation.record import WITHDRAWN
from app.evaluation.reload import InForce, stored
from app.facts.codec import typed
from app.storage.engine import reading
from app.vocabulary.codes import SubjectKind
from app.vocabulary.wire import Crossing

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """A verdict that did not come out as stored, or a decision that could not be judged (`rule` None)."""

    crossing: str
    decision: str
    rule: str | None
    subject: tuple[str, int] | None
    stored: str | None
    replayed: str | None
    message: str = ""


def count(database: Database) -> int:
    """How many decisions there are to judge."""
    with reading(database) as tx:
        return records.count_decisions(tx)


def run(database: Database) -> Iterator[tuple[Replayable, list[Difference]]]:
    """Every stored decision, rulebook by rulebook, with what came out otherwise."""
    with reading(database) as tx:
        digests = records.rulebooks_used(tx)
    for digest in digests:
        with _engine(database, digest) as engine:
            last = "", ""
            while page := _page(database, digest, last):
                for each in page:
                    yield each, _differences(engine, each) if isinstance(engine, Engine) else [_failed(each, engine)]
                last = page[-1].crossing, page[-1].decision


def _page(database: Database, digest: str, last: tuple[str, str]) -> list[Replayable]:
    with reading(database) as tx:
        return records.replayable(tx, digest, last, _AT_ONCE)


@contextmanager
def _engine(database: Database, digest: str) -> Iterator[Engine | str]:
    """The rulebook's engine, or why there is none. Neither nominates: the reference decides on every rule."""
    try:
        found: InForce = stored(database, digest)
    except NotFound as error:
        yield error.detail
        return
    engine = Engine(found.rulebook, found.reference, cross_check=False)
    try:
        yield engine
    finally:
        engine.close()


def _differences(engine: Engine, each: Replayable) -> list[Difference]:
    if each.outcome == WITHDRAWN:
        return []
    try:
        return list(_compared(each, _judged(engine, each)))
    except Exception as error:  # noqa: BLE001 (one decision that cannot be judged is told, and the others go on)
        # Not its text, which may repeat what the event says of a person.
        return [_failed(each, type(error).__name__)]


def _judged(engine: Engine, each: Replayable) -> Decision:
    prepared = engine.prepare(Crossing.model_validate_json(each.body))
    fields = {kind: engine.rulebook.fields(kind) for kind in SubjectKind}
    subjects = [
        (subject, typed(facts, fields[subject.kind]))
        for (subject, _), facts in zip(prepared.subjects, each.facts, strict=True)
    ]
    return engine.decide(prepared.event, prepared.checkpoint, prepared.day, subjects)


def _compared(each: Replayable, judged: Decision) -> Iterator[Difference]:
    """Open verdicts, and those complied with; what is in neither was not applicable."""
    was, now = _stored_verdicts(each), _verdicts(judged)
    for rule, kind, index in sorted(was.keys() | now.keys()):
        before, after = was.get((rule, kind, index)), now.get((rule, kind, index))
        if before != after:
            yield Difference(each.crossing, each.decision, rule, (kind, index), before, after)


def _stored_verdicts(each: Replayable) -> dict[tuple[str, str, int], str]:
    found = {(rule, kind, position): verdict for rule, kind, position, verdict in each.findings}
    seen: dict[str, int] = {}
    for facts, compliant in zip(each.facts, each.compliant, strict=True):
        kind = facts["subject.kind"]
        index = seen[kind] = seen.get(kind, -1) + 1
        found |= {(rule, kind, index): "compliant" for rule in compliant}
    return found


def _verdicts(judged: Decision) -> dict[tuple[str, str, int], str]:
    found: dict[tuple[str, str, int], str] = {}
    for judgement in judged.judgements:
        place: tuple[Any, int] = judgement.subject.kind.value, judgement.subject.index
        found |= {(rule, *place): "compliant" for rule in judgement.compliant}
        found |= {(each.rule.id, *place): each.verdict.value for each in judgement.findings}
    return found


def _failed(each: Replayable, why: str) -> Difference:
    return Difference(each.crossing, each.decision, None, None, None, None, why)
