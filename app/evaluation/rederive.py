"""Judging stored crossings again: after a correction, and where a subject's history has changed.

What no longer holds is superseded, never erased; what officers decided is never overwritten, only flagged for review.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson

from app.crossings import due, records
from app.crossings.due import Due, Share, Trigger
from app.crossings.history import Pasts
from app.crossings.records import Cause
from app.evaluation import past
from app.evaluation.answer import reasons
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine, Prepared
from app.evaluation.past import ENGINE
from app.evaluation.record import Decided, Why, decided, searchable
from app.facts.codec import plain
from app.language.ir import Rulebook, Status
from app.storage.engine import Transaction
from app.violations import records as violations
from app.violations import search_terms
from app.violations.records import JUDGE_AGAIN, Change, Violation
from app.violations.workflow import UNDECIDED
from app.vocabulary.codes import Outcome, SubjectKind, ViolationStatus
from app.vocabulary.wire import Crossing

# How often others are looked for where another server is at the subjects of those found.
_LOOKS = 4
_DISMISSED = frozenset({Outcome.DISMISSED, Outcome.OVERTURNED})


def run(tx: Transaction, engine: Engine, share: Share, now: datetime) -> int:
    """Judge the earliest of the crossings that are due again, of subjects nobody else is at; how many were."""
    passed_by: list[str] = []
    for _ in range(_LOOKS):
        chosen = due.first(tx, share, passed_by)
        judged = judge_again(tx, engine, chosen, now) if chosen else 0
        if judged or not chosen:
            return judged
        # Another server is at all of them. It will be for a while; there may be others.
        passed_by += [each.crossing for each in chosen]
    return 0


def judge_again(tx: Transaction, engine: Engine, chosen: Sequence[Due], now: datetime) -> int:
    """Judge these again, as far as nobody else is at them or their subjects; how many were."""
    read = {each.id: each for each in records.many(tx, [each.crossing for each in chosen])}
    events = {name: _prepared(engine, each) for name, each in read.items()}
    # Read once more: somebody may have corrected one of them in between, and nobody is kept from its new subjects.
    free = records.many(tx, list(past.free(tx, engine, events.values())))
    stored = {each.id: each for each in free if each.revision == read[each.id].revision}
    mine = due.take(tx, stored)
    pasts = past.load(tx, engine, [events[name] for name in mine])
    made = {
        each.crossing: _again(tx, engine, stored[each.crossing], events[each.crossing], pasts, each.trigger, now)
        for each in chosen
        if each.crossing in mine and not stored[each.crossing].withdrawn
    }
    _renew_terms(tx, [(events[name], each) for name, each in made.items() if each])
    return len(mine)


def _prepared(engine: Engine, crossing: records.Stored) -> Prepared:
    return engine.prepare(Crossing.model_validate_json(crossing.body), crossing.id)


def _again(  # one argument for each thing a decision rests on
    tx: Transaction,
    engine: Engine,
    crossing: records.Stored,
    event: Prepared,
    pasts: Pasts,
    trigger: Trigger,
    now: datetime,
) -> Decided | None:
    """Judge it; the decision, if it is another than the one before."""
    decision = engine.judge(event, past.of(pasts, event), past.traffic(pasts, event))
    facts = facts_of([judgement.facts for judgement in decision.judgements])
    if facts == crossing.facts and _told_as(crossing.answer, decision):
        return None
    standing = violations.standing(tx, crossing.id)
    why = Why(trigger.cause, trigger.caused_by, crossing.revision, crossing.number + 1)
    made = decided(crossing.id, decision, engine.rulebook, now, why, standing)
    records.store_decisions(tx, [(crossing.id, made.decision)])
    changed = settle(tx, engine.rulebook, standing, made, now)
    if changed and any(engine.all_asked_of_the_past(kind).offences for kind in SubjectKind):
        found = past.later(tx, engine, pasts, event, moved=False)
        due.mark(tx, found, Trigger(Cause.CHANGED_VIOLATION, crossing.id, now))
    return made


def _renew_terms(tx: Transaction, judged: Sequence[tuple[Prepared, Decided]]) -> None:
    """Make findable what has come to be worked on, and let go what is not any more."""
    is_on = {event.crossing: search_terms.is_findable(tx, event.crossing) for event, _ in judged}
    worked_on = {event.crossing: is_worked_on(tx, event.crossing, made) for event, made in judged}
    search_terms.remove(tx, [name for name, wanted in worked_on.items() if is_on[name] and not wanted])
    new = [event for event, _ in judged if worked_on[event.crossing] and not is_on[event.crossing]]
    search_terms.store(tx, [searchable(event) for event in new])


def is_worked_on(tx: Transaction, crossing: str, made: Decided) -> bool:
    """Whether officers have something to do with a crossing: what a decision finds, or what stands nevertheless."""
    return made.is_worked_on or bool(violations.standing(tx, crossing))


def settle(
    tx: Transaction, rulebook: Rulebook, standing: Collection[Violation], made: Decided | None, now: datetime
) -> bool:
    """Store what a decision found anew, and supersede what it no longer finds; whether anything changed.

    `made` is None where nothing is concluded any more.
    """
    new = made.new if made else ()
    violations.store(tx, new)
    changes = list(filter(None, (_change(rulebook, each, made, now) for each in standing)))
    violations.change(tx, changes)
    places = {each.id: each.subject_position for each in standing}
    found = made.violations if made else ()
    violations.move(tx, (each for each in found if each.subject_position != places.get(each.id, each.subject_position)))
    return bool(changes or new)


def _change(rulebook: Rulebook, each: Violation, made: Decided | None, now: datetime) -> Change | None:
    """What becomes of a violation that stood before; None if it stays as it is."""
    status, review, successor = each.status, True, None
    rule = rulebook.rules.get(each.rule)
    if made and any(each.what == other.what for other in made.violations):
        review, reason = False, "judged again: it is found again"
    elif each.outcome in _DISMISSED:
        if made is None or (successor := _successor(each, made)) is None:
            return None
        # It says of the new one that the like of it was dismissed before.
        review, reason = each.needs_review, "judged again: it is found otherwise"
    elif made and (rule is None or rule.status is not Status.ACTIVE) and each.subject_key in {None, *made.keys}:
        # Nobody has judged by that rule: whether it still holds of whom the event still names is not known.
        reason = "not judged again: its rule is no longer in force"
    else:
        successor = _successor(each, made) if made else None
        reason = "judged again: it is found otherwise" if successor else "judged again: it is not found any more"
        if each.status in UNDECIDED:
            status, review = ViolationStatus.SUPERSEDED, False
    if (status, review) == (each.status, each.needs_review) and successor in {None, each.successor}:
        return None
    return Change(
        each.id,
        now,
        ENGINE,
        JUDGE_AGAIN,
        status,
        review,
        reason,
        each.outcome,
        each.assignee,
        each.decided_by,
        decision=made.decision.id if made else None,
        successor=successor,
    )


def _successor(gone: Violation, made: Decided) -> str | None:
    """The violation of the same rule that stands for it: of the same subject, or of who is named in its place."""
    for other in made.new:
        same = (gone.rule, gone.subject_kind) == (other.rule, other.subject_kind)
        if gone.subject_key and gone.subject_key in made.keys:
            same &= gone.subject_key == other.subject_key
        else:
            same &= gone.subject_position == other.subject_position
        if same:
            return other.id
    return None


def _told_as(answer: bytes, decision: Decision) -> bool:
    """Whether the answer says why facts of the past cannot be known: that may change while no known fact does."""
    told = {
        (each["rule"], each["subject"]["kind"], each["subject"]["index"]): each["reasons"]
        for each in orjson.loads(answer)["findings"]
    }
    return all(
        told.get((found.rule.id, found.subject.kind, found.subject.index), reasons(found)) == reasons(found)
        for found in decision.findings
    )


def facts_of(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Facts as they are after a round trip through the database."""
    return orjson.loads(orjson.dumps(plain(value)))
