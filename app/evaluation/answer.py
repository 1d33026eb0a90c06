"""What the sender of an event is told (DESIGN.md §4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.evaluation.decision import Decision, Finding
from app.evaluation.explaining import Json, explanation
from app.facts.codec import plain
from app.facts.derive import Subject
from app.language.ir import Rulebook


def answer(
    decision: Decision,
    rulebook: Rulebook,
    evaluated_at: datetime,
    crossing: str | None = None,
    violations: Mapping[int, str] | None = None,
) -> Json:
    """The answer; `violations` has the identifier of the violation by the place of its finding."""
    known = violations or {}
    return {
        "crossing": crossing,
        "id": decision.event.id,
        "source": decision.event.source,
        "outcome": decision.outcome,
        "advice": decision.advice,
        "findings": [
            finding(found, decision, rulebook, known.get(place)) for place, found in enumerate(decision.findings)
        ],
        "rulebook": decision.rulebook,
        "evaluated_at": evaluated_at.isoformat(),
    }


def finding(found: Finding, decision: Decision, rulebook: Rulebook, violation: str | None) -> Json:
    """One finding with its explanation."""
    version = found.resolved.version
    basis = [{"provision": name, "article": rulebook.provisions[name].article} for name in version.basis]
    return {
        "rule": found.rule.id,
        "version": version.id,
        "verdict": found.verdict.value,
        "severity": found.rule.severity.value,
        "advice": found.rule.advice.value,
        "subject": subject(found.subject),
        "title": found.rule.title["en"],
        "basis": basis,
        "missing": list(found.judged.missing),
        "violation": violation,
        "explanation": explanation(found, rulebook, decision.day),
    }


def subject(named: Subject) -> Json:
    """A subject by its kind and its index in the event."""
    return {"kind": named.kind.value, "index": named.index, "role": named.role}


def facts(decision: Decision) -> list[dict[str, Any]]:
    """The facts each subject was judged by."""
    return [
        {"subject": subject(judgement.subject), "values": plain(judgement.facts)} for judgement in decision.judgements
    ]
