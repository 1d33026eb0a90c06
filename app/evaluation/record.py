"""A decision as rows to store: the crossing, its findings and violations, and the answer they are told in."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from app.clock import uuid7_text
from app.crossings import records as crossings
from app.crossings.records import Cause
from app.evaluation.answer import answer, finding
from app.evaluation.decision import Decision, Finding
from app.evaluation.engine import Prepared
from app.evaluation.explaining import explanation
from app.language.ir import Rulebook
from app.violations import records as violations
from app.violations.records import Violation
from app.violations.search_terms import Searchable
from app.vocabulary.codes import Verdict


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it came: its bytes, the digest of their canonical JSON, when, and by which key."""

    body: bytes
    body_digest: str
    received_at: datetime
    received_by: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a crossing is judged, of which of its revisions, and for the how manieth time."""

    cause: Cause = Cause.RECEIVED
    caused_by: str | None = None
    revision: int = 1
    number: int = 1


@dataclass(frozen=True, slots=True)
class Decided:
    """The rows of one decision; `violations` are all that it finds, `new` those of them not on record before.

    `keys` are those of all subjects it judged.
    """

    decision: crossings.Decision
    violations: tuple[Violation, ...]
    new: tuple[Violation, ...]
    keys: frozenset[str]

    @property
    def is_worked_on(self) -> bool:
        """Whether it finds something that officers are shown."""
        return any(not found.shadow for found in self.decision.findings)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A finding on its way to storage, with the identifier it gets and the violation it is, if it is one."""

    found: Finding
    id: str
    violation: Violation | None
    explanation: orjson.Fragment
    """As written: the answer tells it, and it is kept with the finding."""


def new_id(now: datetime) -> str:
    """An identifier that sorts by the time it was made."""
    return uuid7_text(now)


def decided(  # identifiers are made here, so that the answer can name them before anything is stored
    crossing: str, decision: Decision, rulebook: Rulebook, now: datetime, why: Why, standing: Collection[Violation] = ()
) -> Decided:
    """Make the rows of a decision; a violation that stands already keeps its identifier."""
    known = {each.what: each for each in standing}
    kept = [_kept(found, crossing, decision, rulebook, now, known) for found in decision.open]
    found = tuple(each.violation for each in kept if each.violation)
    shown = [
        finding(each.found, rulebook, each.violation.id if each.violation else None, each.explanation)
        for each in kept
        if not each.found.shadow
    ]
    made = crossings.Decision(
        id=new_id(now),
        rulebook=rulebook.digest,
        evaluated_at=now,
        outcome=decision.outcome,
        advice=decision.advice,
        answer=orjson.dumps(answer(decision, now, shown, crossing)),
        facts=[judgement.facts for judgement in decision.judgements],
        compliant=[list(judgement.compliant) for judgement in decision.judgements],
        findings=tuple(map(_finding, kept)),
        differences=tuple(_differences(decision, now)),
        number=why.number,
        revision=why.revision,
        cause=why.cause,
        caused_by=why.caused_by,
    )
    keys = frozenset(filter(None, (judgement.subject.key for judgement in decision.judgements)))
    return Decided(made, found, tuple(each for each in found if each.what not in known), keys)


def searchable(event: Prepared) -> Searchable:
    """What a crossing is found by, of one that officers work on."""
    keys = {(subject.kind, subject.index): subject.key for subject, _ in event.subjects}
    return Searchable(event.crossing, event.checkpoint.state, event.event, keys)


def withdrawn(crossing: str, rulebook: str, now: datetime, why: Why) -> crossings.Decision:
    """The decision on an event that its sender took back: nothing is concluded of it."""
    body = orjson.dumps({"crossing": crossing, "outcome": WITHDRAWN, "findings": [], "evaluated_at": now.isoformat()})
    return crossings.Decision(
        id=new_id(now),
        rulebook=rulebook,
        evaluated_at=now,
        outcome=WITHDRAWN,
        advice=None,
        answer=body,
        facts=[],
        compliant=[],
        findings=(),
        number=why.number,
        revision=why.revision,
        cause=why.cause,
        caused_by=why.caused_by,
    )


WITHDRAWN = "withdrawn"


def _kept(  # one argument for each thing a row is made of
    found: Finding,
    crossing: str,
    decision: Decision,
    rulebook: Rulebook,
    now: datetime,
    known: Mapping[tuple[object, ...], Violation],
) -> _Kept:
    identifier, violation = new_id(now), None
    # Only what an active rule found violated is put before an officer as a violation.
    if found.verdict is Verdict.VIOLATED and not found.shadow:
        violation = _violation(identifier, found, crossing, decision, now)
        if before := known.get(violation.what):
            violation = replace(before, subject_position=violation.subject_position)
    explained = orjson.dumps(explanation(found, rulebook, decision.day))
    return _Kept(found, identifier, violation, orjson.Fragment(explained))


def recorded(
    crossing: str, received: Received, prepared: Prepared, made: crossings.Decision | None = None
) -> crossings.Crossing:
    """The crossing's own row, with its subjects and, if one is given, its decision."""
    event = prepared.event
    return crossings.Crossing(
        id=crossing,
        source=event.source,
        event_id=event.id,
        body=received.body,
        body_digest=received.body_digest,
        received_at=received.received_at,
        received_by=received.received_by,
        occurred_at=event.occurred_at,
        local_date=prepared.day,
        checkpoint=event.checkpoint,
        jurisdiction=prepared.checkpoint.state,
        direction=event.direction,
        mode=event.mode,
        voyage=prepared.voyage,
        vehicles=int(event.vehicle is not None),
        persons=len(event.persons or ()),
        subjects=tuple(_subjects(prepared)),
        decisions=(made,) if made else (),
    )


def _subjects(prepared: Prepared) -> Iterator[crossings.Subject]:
    event = prepared.event
    for named, _ in prepared.subjects:
        yield crossings.Subject(
            kind=named.kind,
            position=named.index,
            key=named.key,
            role=named.role,
            country=named.country,
            occurred_at=event.occurred_at,
            direction=event.direction.value,
            checkpoint=event.checkpoint,
            basis=named.basis,
            local_date=prepared.day,
            state=prepared.checkpoint.state,
            holder=named.holder,
            issued_on=named.issued_on,
        )


def _finding(kept: _Kept) -> crossings.Finding:
    found = kept.found
    return crossings.Finding(
        id=kept.id,
        rule=found.rule.id,
        version=found.resolved.version.id,
        verdict=found.verdict,
        severity=found.rule.severity,
        shadow=found.shadow,
        subject_kind=found.subject.kind,
        subject_position=found.subject.index,
        missing=found.judged.missing,
        explanation=kept.explanation,
    )


def _differences(decision: Decision, now: datetime) -> list[crossings.Difference]:
    return [
        crossings.Difference(
            id=new_id(now),
            rule=each.rule,
            subject_kind=each.subject.kind,
            subject_position=each.subject.index,
            backend=each.backend,
            kind="extra" if each.nominated else "missed",
            verdict=each.verdict,
            at=now,
        )
        for each in decision.differences
    ]


def _violation(finding: str, found: Finding, crossing: str, decision: Decision, now: datetime) -> Violation:
    event, rule = decision.event, found.rule
    return violations.Violation(
        id=new_id(now),
        finding=finding,
        crossing=crossing,
        event_id=event.id,
        rule=rule.id,
        version=found.resolved.version.id,
        regime=rule.regime,
        jurisdiction=rule.jurisdiction,
        severity=rule.severity,
        advice=rule.advice,
        checkpoint=event.checkpoint,
        state=decision.checkpoint.state,
        direction=event.direction,
        mode=event.mode,
        subject_kind=found.subject.kind,
        subject_position=found.subject.index,
        subject_key=found.subject.key,
        occurred_at=event.occurred_at,
        local_date=decision.day,
        created_at=now,
        updated_at=now,
    )
