"""Milder law: whether the law in force when an officer looks is milder than the one applied (lex mitior).

Information for the officer, who decides: no status follows from it.
"""

from datetime import date
from typing import Any

from app.backends import reference
from app.evaluation.explaining import Json
from app.language.ir import Provision, Rulebook, Sanction, Status, Version
from app.language.resolve import resolve
from app.vocabulary.codes import Verdict
from app.vocabulary.values import Facts

NO_LAW, LAWFUL_NOW, SMALLER_SANCTION = "no_version_in_force", "not_violated", "smaller_sanction"


def milder(applied: Version, then: Rulebook, now: Rulebook, rule: str, facts: Facts, today: date) -> Json | None:
    """Why today's law is milder for these facts, with today's version; None if it is not.

    `then` is the rulebook the violation was found by, `now` the one in force.
    """
    current = now.rules.get(rule)
    if current is None or current.status is Status.RETIRED:
        return None  # that nobody keeps the rule any more says nothing of the law
    resolved = resolve(now, current, today)
    if resolved is None:
        return {"why": NO_LAW, "version": None}
    told: dict[str, Any] = {"version": resolved.version.id}
    if resolved.version == applied and now.digest == then.digest:
        return None
    # One that is not asked of these facts (by a transitional clause, say) is not therefore milder.
    if reference.verdict(resolved, facts) is Verdict.COMPLIANT:
        return told | {"why": LAWFUL_NOW}
    old = then.provisions.get(applied.sanction or "")
    new = now.provisions.get(resolved.version.sanction or "")
    smaller = sorted(_smaller(old, new)) if old and new else []
    return told | {"why": SMALLER_SANCTION, "subject_classes": smaller} if smaller else None


def _smaller(old: Provision, new: Provision) -> set[str]:
    """Classes of subject whose greatest sanction, in one and the same unit, is smaller now."""
    before = {(each.subject_class, each.unit): each for each in old.sanctions}
    return {
        each.subject_class
        for each in new.sanctions
        if (was := before.get((each.subject_class, each.unit))) and _is_smaller(each, was)
    }


def _is_smaller(new: Sanction, old: Sanction) -> bool:
    return isinstance(new.maximum, type(old.maximum)) and new.maximum is not None and new.maximum < old.maximum  # type: ignore[operator] # numbers
