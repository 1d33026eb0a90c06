"""A rule put to sleep for one subject, for a while and on a ground: what it finds meanwhile stays out of the queue.

A snooze lies within a remit if the subject, under any of its keys, crossed at a checkpoint of the remit where the rule
holds: a rule of one state in that state, any other wherever it was. Only there it is made, seen and ended. Of a rule of
several states it hides what is found of the subject elsewhere too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final

from sqlalchemy import ColumnElement, insert, select, update

from app.audit import log
from app.crossings import links
from app.errors import Invalid, NotFound, Problem
from app.identity.remit import EVERYWHERE, Remit
from app.identity.users import User
from app.language.ir import Rule
from app.storage.engine import Transaction
from app.storage.tables import crossing_subjects, snoozes, violations
from app.storage.types import is_storable
from app.vocabulary.codes import Severity, ViolationStatus
from app.vocabulary.countries import ISO3

LONGEST: Final = timedelta(days=90)
_C, _S = snoozes.c, crossing_subjects.c


@dataclass(frozen=True, slots=True)
class Snooze:
    """Of a rule and a subject's key, until an instant, which is not included."""

    id: str
    rule: str
    subject_key: str
    until: datetime
    ground: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None = None
    ended_by: str | None = None

    def says_the_same_as(self, other: "Snooze") -> bool:
        """Whether the same person made it of the same rule and subject, as long and on the same ground."""
        told = ("rule", "subject_key", "until", "ground", "made_by")
        return all(getattr(self, name) == getattr(other, name) for name in told)


def sleeping(now: datetime) -> ColumnElement[bool]:
    """That a violation is of a rule that sleeps for its subject; one that is grave, or in work, is never put away."""
    awake = (violations.c.severity == Severity.GRAVE) | (violations.c.status != ViolationStatus.OPEN)
    same = (_C.rule == violations.c.rule) & (_C.subject_key == violations.c.subject_key)
    lasts = select(_C.id).where(same, _C.until > now, _C.ended_at.is_(None)).correlate(violations).exists()
    return lasts & ~awake


def make(tx: Transaction, user: User, snooze: Snooze, rules: Mapping[str, Rule]) -> None:
    """Keep one; raises `Invalid` where it would last too long, or no time at all, or has no ground.

    And where there is no such rule in force, or it would not lie within the user's remit.
    """
    problems = []
    if snooze.rule not in rules:
        near = get_close_matches(snooze.rule, rules, n=1)
        problems.append(
            Problem("/rule", "is no rule in force", f"did you mean {near[0]}?" if near else "GET /v1/rules")
        )
    elif not _within(tx, [snooze], user.remit, rules):
        problems.append(Problem("/subject", "did not cross in your remit where the rule holds"))
    if not snooze.made_at < snooze.until <= snooze.made_at + LONGEST:
        problems.append(Problem("/until", f"must lie within {LONGEST.days} days from now"))
    if not snooze.ground.strip():
        problems.append(Problem("/ground", "is missing", "say why"))
    if problems:
        raise Invalid("The rule stays awake.", problems)
    tx.execute(insert(snoozes).values({name: getattr(snooze, name) for name in snooze.__slots__}))
    detail = {"rule": snooze.rule, "until": snooze.until.isoformat(), "ground_sha256": log.digest(snooze.ground)}
    log.append(tx, log.Entry(snooze.made_at, user.id, "snooze.make", snooze.id, detail))


def end(tx: Transaction, user: User, identifier: str, now: datetime, rules: Mapping[str, Rule]) -> None:
    """Wake the rule; raises `NotFound` if that snooze does not last any more, or lies outside the user's remit."""
    same = (_C.id == identifier) & _C.ended_at.is_(None)
    row = tx.execute(select(snoozes).where(same)).one_or_none() if is_storable(identifier) else None
    if (
        row is None
        or not _within(tx, [Snooze(**row._asdict())], user.remit, rules)
        or not tx.execute(update(snoozes).where(same).values(ended_at=now, ended_by=user.id)).rowcount
    ):
        raise NotFound(f"There is no snooze {identifier} that lasts.")
    log.append(tx, log.Entry(now, user.id, "snooze.end", identifier, {}))


def lasting(tx: Transaction, remit: Remit, now: datetime, rules: Mapping[str, Rule]) -> list[Snooze]:
    """Those that last and lie within the remit, the first to end first."""
    query = select(snoozes).where(_C.until > now, _C.ended_at.is_(None)).order_by(_C.until, _C.id)
    return _within(tx, [Snooze(**row._asdict()) for row in tx.execute(query)], remit, rules)


def _within(tx: Transaction, found: Sequence[Snooze], remit: Remit, rules: Mapping[str, Rule]) -> list[Snooze]:
    """Those that lie within the remit."""
    if remit == EVERYWHERE:
        return list(found)
    keys = links.clusters(tx, {each.subject_key for each in found if is_storable(each.subject_key)})
    states: defaultdict[str, set[str]] = defaultdict(set)
    named = {key for every in keys.values() for key in every}
    query = select(_S.key, _S.state).where(_S.key.in_(named), remit.condition(_S.state, _S.checkpoint)).distinct()
    for key, state in tx.execute(query):
        states[key].add(state)

    def is_within(each: Snooze) -> bool:
        crossed = {state for key in keys.get(each.subject_key, ()) for state in states[key]}
        rule = rules.get(each.rule)
        return bool(crossed & {rule.jurisdiction} if rule and rule.jurisdiction in ISO3 else crossed)

    return [each for each in found if is_within(each)]
