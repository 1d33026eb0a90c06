"""What the sender of an event is told (DESIGN.md §4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from app.evaluation.decision import Decision, Finding
from app.evaluation.explaining import Json, explanation, reason
from app.facts.codec import plain
from app.facts.subjects import Subject
from app.language.ir import Rulebook


def answer(decision: Decision, evaluated_at: datetime, findings: Sequence[Json], crossing: str | None = None) -> Json:
    """The answer; `crossing` is None where nothing was stored."""
    return {
        "crossing": crossing,
        "id": decision.event.id,
        "source": decision.event.source,
        "outcome": decision.outcome,
        "advice": decision.advice,
        "findings": findings,
        "rulebook": decision.rulebook,
        "evaluated_at": evaluated_at.isoformat(),
    }


def finding(found: Finding, rulebook: Rulebook, violation: str | None, explained: Json | orjson.Fragment) -> Json:
    """One finding with its explanation."""
    version = found.resolved.version
    return {
        "rule": found.rule.id,
        "version": version.id,
        "verdict": found.verdict.value,
        "severity": found.rule.severity.value,
        "advice": found.advice.value,
        "status": found.rule.status.value,
        "subject": subject(found.subject),
        "title": found.rule.title["en"],
        "basis": [{"provision": name, "article": rulebook.provisions[name].article} for name in version.basis],
        "missing": list(found.judged.missing),
        "reasons": reasons(found),
        "violation": violation,
        "explanation": explained,
    }


def reasons(found: Finding) -> Json:
    """Why missing facts of the subject's past cannot be known, by path."""
    return {path: reason(found.reasons[path]) for path in found.judged.missing if path in found.reasons}


def unstored(decision: Decision, rulebook: Rulebook, evaluated_at: datetime) -> Json:
    """The answer to an evaluation of which nothing is stored, with the facts it rests on."""
    every = [found for judgement in decision.judgements for found in judgement.findings if not found.shadow]
    shown = [finding(found, rulebook, None, explanation(found, rulebook, decision.day)) for found in every]
    return answer(decision, evaluated_at, shown) | {"facts": facts(decision)}


def subject(named: Subject) -> Json:
    """A subject by its kind and its index in the event."""
    return {"kind": named.kind.value, "index": named.index, "role": named.role}


def facts(decision: Decision) -> list[dict[str, Any]]:
    """The facts each subject was judged by."""
    return [
        {"subject": subject(judgement.subject), "values": plain(judgement.facts)} for judgement in decision.judgements
    ]
