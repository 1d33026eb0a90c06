"""Corrections and withdrawals of stored crossings, and what follows from them, in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from app.audit import log
from app.crossings import due, links, records, revisions
from app.crossings.due import Trigger
from app.crossings.records import Cause
from app.crossings.revisions import Revision
from app.errors import Conflict, Invalid, Problem
from app.evaluation import past
from app.evaluation.engine import Engine, Prepared
from app.evaluation.record import Received, Why, decided, recorded, searchable, withdrawn
from app.evaluation.rederive import is_worked_on, settle
from app.storage.engine import Transaction
from app.violations import records as violations
from app.violations import search_terms
from app.vocabulary.wire import Crossing


@dataclass(frozen=True, slots=True)
class Revising:
    """What becomes of a crossing, and why. `event` is the whole corrected event, None for a withdrawal.

    `received` holds the corrected event as it came. `revises` is the revision its sender knows, None if not said.
    """

    crossing: str
    received: Received
    reason: str
    event: Crossing | None
    revises: int | None = None


@dataclass(frozen=True, slots=True)
class Revised:
    """What the sender is told; `replayed` if the crossing stood like this already."""

    answer: bytes
    revision: int
    replayed: bool = False


def run(tx: Transaction, engine: Engine, revising: Revising, now: datetime) -> Revised:
    """Carry it out; raises NotFound, Invalid or Conflict, after which nothing is changed."""
    before = first = records.get(tx, revising.crossing, 1)
    known = _prepared_before(engine, before)
    new = _prepared(engine, revising, before)
    past.alone(tx, engine, [each for each in (known, new) if each], before.subjects)
    # Once more, now that nobody else is at these subjects.
    before = records.get(tx, revising.crossing, 1)
    if _stands_so(before, revising):
        return Revised(before.decisions[0].answer, before.revision, replayed=True)
    if revising.revises not in {None, before.revision}:
        raise Conflict(
            f"Crossing {before.id} is at revision {before.revision}, not {revising.revises}: it was corrected since. "
            f'If this is what it should be all the same, say so with "revises": {before.revision}.'
        )
    if before.revision != first.revision:
        raise Conflict(f"Crossing {before.id} was corrected at the same moment; read it again first.")
    if revising.revises is None:
        _refuse_what_was_replaced(tx, before, revising)
    return _carry_out(tx, engine, revising, before, (known, new), now)


def _carry_out(  # one argument for each thing that takes part
    tx: Transaction,
    engine: Engine,
    revising: Revising,
    before: records.Crossing,
    events: tuple[Prepared | None, Prepared | None],
    now: datetime,
) -> Revised:
    known, new = events
    number = before.revision + 1
    cause = Cause.CORRECTION if new else Cause.WITHDRAWAL
    trigger = Trigger(Cause.LATE_EVENT, before.id, now)
    why = Why(cause, None, number, before.decisions[0].number + 1)
    was = past.load(tx, engine, [known]) if known else None
    standing = violations.standing(tx, before.id)
    # First of all the old one goes, for the new one's holder and history must be without it.
    revisions.revise(tx, before, *_after(revising, before, new, number, now))
    past.relink(tx, [new] if new else [], trigger, before.subjects)
    made = None
    if new:
        pasts = past.load(tx, engine, [new])
        decision = engine.judge(new, past.of(pasts, new), past.traffic(pasts, new))
        made = decided(before.id, decision, engine.rulebook, now, why, standing)
        records.store_decisions(tx, [(before.id, made.decision)])
        settle(tx, engine.rulebook, standing, made, now)
        past.mark_later(tx, engine, pasts, new, trigger)
        past.mark_days(tx, pasts, [new], Cause.LATE_EVENT, now)
        answer = made.decision.answer
    else:
        gone = withdrawn(before.id, engine.rulebook.digest, now, why)
        records.store_decisions(tx, [(before.id, gone)])
        settle(tx, engine.rulebook, standing, None, now)
        answer = gone.answer
    if known and was:
        past.mark_later(tx, engine, was, known, trigger)
        past.mark_days(tx, was, [known], Cause.LATE_EVENT, now)
    elif not before.withdrawn:
        # It names its subjects, though today it cannot be read.
        keys = links.all_keys(tx, {each.key for each in before.subjects if each.key})
        due.mark_subjects(tx, keys, trigger)
        due.mark_day(tx, before.checkpoint, before.local_date, before.occurred_at, trigger)
    detail = {"revision": number, "reason_sha256": log.digest(revising.reason)}
    log.append(tx, log.Entry(now, revising.received.received_by, cause.value, before.id, detail))
    search_terms.remove(tx, [before.id])
    if new and made and is_worked_on(tx, before.id, made):
        search_terms.store(tx, [searchable(new)])
    return Revised(answer, number)


def _stands_so(before: records.Crossing | Revision, revising: Revising) -> bool:
    if revising.event is None:
        return before.withdrawn
    return not before.withdrawn and before.body_digest == revising.received.body_digest


def _refuse_what_was_replaced(tx: Transaction, before: records.Crossing, revising: Revising) -> None:
    """A copy of a correction that comes late must not undo the one after it."""
    for each in revisions.all_of(tx, before)[1:]:
        if _stands_so(each, revising):
            raise Conflict(
                f"Crossing {before.id} stood like this at revision {each.number}, and is at revision {before.revision} "
                f'since. If it is to stand like this again, say so with "revises": {before.revision}.'
            )


def _after(
    revising: Revising, before: records.Crossing, new: Prepared | None, number: int, now: datetime
) -> tuple[records.Crossing, Revision]:
    """The crossing as it is from now on, and the record of this revision."""
    received = revising.received
    if new:
        after = replace(recorded(before.id, received, new), revision=number)
    else:
        after = replace(before, revision=number, withdrawn=True)
    subjects = [each.named() for each in after.subjects] if new else []
    by, reason = received.received_by, revising.reason
    made = Revision(number, after.body, after.body_digest, now, by, reason, after.withdrawn, subjects)
    return after, made


def _prepared_before(engine: Engine, before: records.Crossing) -> Prepared | None:
    """The event as it was; None where today's rulebook cannot read it, or it was withdrawn."""
    if before.withdrawn:
        return None
    try:
        return engine.prepare(Crossing.model_validate_json(before.body), before.id)
    except (Invalid, ValidationError):
        return None


def _prepared(engine: Engine, revising: Revising, before: records.Crossing) -> Prepared | None:
    event = revising.event
    if event is None:
        return None
    told = {"id": (event.id, before.event_id), "source": (event.source, before.source)}
    problems = [
        Problem(f"/event/{name}", f"is {given}, and the crossing's is {kept}", "a correction keeps both")
        for name, (given, kept) in told.items()
        if given != kept
    ]
    if problems:
        raise Invalid("The correction is of another event; nothing was changed.", problems)
    try:
        return engine.prepare(event, before.id)
    except Invalid as error:
        places = [replace(each, pointer=f"/event{each.pointer}") for each in error.problems]
        raise Invalid(error.detail, places) from error
