"""A decision as rows to store: the crossing, its findings and violations, and the answer they are told in."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from app.clock import uuid7
from app.crossings import records as crossings
from app.evaluation.answer import answer, finding
from app.evaluation.decision import Decision, Finding
from app.evaluation.explaining import Json, explanation
from app.language.ir import Rulebook
from app.violations import records as violations
from app.vocabulary.codes import Verdict


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it came: its bytes, the digest of their canonical JSON, when, and by which key."""

    body: bytes
    body_digest: str
    received_at: datetime
    received_by: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """All rows of one event."""

    crossing: crossings.Crossing
    violations: tuple[violations.Violation, ...]

    @property
    def answer(self) -> bytes:
        """The body to send."""
        return self.crossing.decisions[0].answer


@dataclass(frozen=True, slots=True)
class _Kept:
    """A finding on its way to storage, with the identifiers it gets."""

    found: Finding
    id: str
    violation: str | None
    explanation: Json


def record(received: Received, decision: Decision, rulebook: Rulebook, now: datetime) -> Recorded:
    """Make the rows; identifiers are made here, so that the answer can name them before anything is stored."""
    crossing = _id(now)
    kept = [
        _Kept(found, _id(now), _violation_id(found, now), explanation(found, rulebook, decision.day))
        for found in decision.open
    ]
    rows = tuple(_violation(each.violation, each, crossing, decision, now) for each in kept if each.violation)
    shown = [finding(each.found, rulebook, each.violation, each.explanation) for each in kept if not each.found.shadow]
    body = orjson.dumps(answer(decision, now, shown, crossing))
    made = crossings.Decision(
        id=_id(now),
        rulebook=rulebook.digest,
        evaluated_at=now,
        outcome=decision.outcome,
        advice=decision.advice,
        answer=body,
        facts=[judgement.facts for judgement in decision.judgements],
        compliant=[list(judgement.compliant) for judgement in decision.judgements],
        findings=tuple(map(_finding, kept)),
        differences=tuple(_differences(decision, now)),
    )
    return Recorded(_crossing(crossing, received, decision, made), rows)


def _id(now: datetime) -> str:
    return str(uuid7(now))


def _violation_id(found: Finding, now: datetime) -> str | None:
    """Only what an active rule found violated is put before an officer as a violation."""
    return _id(now) if found.verdict is Verdict.VIOLATED and not found.shadow else None


def _crossing(identifier: str, received: Received, decision: Decision, made: crossings.Decision) -> crossings.Crossing:
    event = decision.event
    return crossings.Crossing(
        id=identifier,
        source=event.source,
        event_id=event.id,
        body=received.body,
        body_digest=received.body_digest,
        received_at=received.received_at,
        received_by=received.received_by,
        occurred_at=event.occurred_at,
        local_date=decision.day,
        checkpoint=event.checkpoint,
        jurisdiction=decision.checkpoint.state,
        direction=event.direction,
        mode=event.mode,
        subjects=tuple(
            crossings.Subject(named.kind, named.index, named.key, named.role, named.country)
            for named in (judgement.subject for judgement in decision.judgements)
        ),
        decisions=(made,),
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
            id=_id(now),
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


def _violation(identifier: str, kept: _Kept, crossing: str, decision: Decision, now: datetime) -> violations.Violation:
    found, event, rule = kept.found, decision.event, kept.found.rule
    return violations.Violation(
        id=identifier,
        finding=kept.id,
        crossing=crossing,
        rule=rule.id,
        version=found.resolved.version.id,
        regime=rule.regime,
        jurisdiction=rule.jurisdiction,
        severity=rule.severity,
        advice=rule.advice,
        checkpoint=event.checkpoint,
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
