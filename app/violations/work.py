"""What officers do with violations, each in one transaction with its entry in the timeline and in the audit log."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from app.audit import log
from app.crossings import due, history, links
from app.crossings.due import Trigger
from app.crossings.records import Cause
from app.errors import Conflict, Invalid, NotFound, Problem
from app.identity import users
from app.identity.remit import Remit
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import Transaction
from app.violations import records
from app.violations.records import Change, Violation
from app.violations.workflow import DECIDING, REPLY_DAYS, STEPS, Action, Asked, By, State, after
from app.vocabulary.codes import Severity, ViolationStatus

CHANGED: Final = "It has changed since you looked at it; look again, and then decide."
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
_TOLD: Final = ("ground", "measure", "protocol", "to", "attachment")


def by(user: User) -> By:
    """What the workflow looks at of a user."""
    return By(user.id, user.may(Permission.VIOLATIONS_SUPERVISE))


def state(violation: Violation, changes: Iterable[Change]) -> State:
    """What the workflow looks at of a violation, and of what was done with it."""
    names = ("status", "severity", "outcome", "assignee", "decided_by", "needs_review")
    deciders = frozenset(each.actor for each in changes if each.action in DECIDING)
    return State(**{name: getattr(violation, name) for name in names}, deciders=deciders)


def act(  # one argument for each thing that it hangs on
    tx: Transaction, user: User, identifier: str, asked: Asked, now: datetime, zone_of: Callable[[str], tzinfo]
) -> Violation:
    """Do it; the violation as it is then. `zone_of` gives a checkpoint's time zone, in which its days are counted.

    Raises `NotFound` for what is not in the user's remit either, and what `workflow.after` raises.
    """
    violation = _held(tx, user, identifier, decides=bool(STEPS[asked.action].outcome or STEPS[asked.action].forgets))
    if asked.to is not None:
        _check_successor(tx, asked.to, violation)
    was = state(violation, records.changes_of(tx, identifier) if violation.outcome else ())
    becomes = after(was, asked, by(user))
    detail: dict[str, Any] = {name: str(value) for name in _TOLD if (value := getattr(asked, name))}
    if asked.action is Action.ISSUE_NOTICE:
        detail["reply_by"] = _reply_by(asked.reply_by, now.astimezone(zone_of(violation.checkpoint)).date()).isoformat()
    changed = {name: getattr(becomes, name) for name in records.STATE}
    records.change(tx, [Change(identifier, now, user.id, asked.action, reason=asked.reason, detail=detail, **changed)])
    if was.outcome is not becomes.outcome:
        _mark_later(tx, violation, now)
    entry = {"from": was.status, "to": becomes.status, "reason_sha256": log.digest(asked.reason), **detail}
    if measure := entry.pop("measure", None):
        entry["measure_sha256"] = log.digest(measure)
    log.append(tx, log.Entry(now, user.id, f"violation.{asked.action}", identifier, entry))
    protocol = asked.protocol or violation.protocol
    return replace(violation, **changed, protocol=protocol, updated_at=now)


def seen(changes: int, decision: str = "") -> str:
    """What somebody saw of a violation who was shown so many changes, and perhaps all that this decision tells."""
    return f"{changes}:{decision}" if decision else str(changes)


def check_seen(tx: Transaction, user: User, identifier: str, what: str) -> None:
    """Raise `Conflict` with CHANGED if there is more to be seen of it by now, and until the transaction ends.

    So a form that is sent twice is carried out once. Raises `NotFound` as `act`.
    """
    _held(tx, user, identifier, decides=True)
    _, _, decision = what.partition(":")
    changes = records.counts_of_changes(tx, [identifier]).get(identifier, 0)
    if what != seen(changes, decision and records.get(tx, identifier).decision):
        raise Conflict(CHANGED)


def take_next(tx: Transaction, user: User, now: datetime, zone_of: Callable[[str], tzinfo]) -> Violation | None:
    """Hand out the most urgent violation of the user's remit that nobody has in hand; None if there is none.

    The gravest first, of these the ones that were reopened, then the oldest. Two who ask at once get two.
    """
    for violation in _urgent(tx, user.remit, now):
        return act(tx, user, violation, Asked(Action.TAKE), now, zone_of)
    return None


def is_within(remit: Remit, violation: Violation) -> bool:
    """Whether a violation was found at a checkpoint of the remit."""
    return remit.covers(violation.state, violation.checkpoint)


def check_within(tx: Transaction, remit: Remit, identifier: str) -> Violation:
    """The violation; raises `NotFound` unless it is in the remit."""
    found = records.find(tx, identifier)
    if found is None or not is_within(remit, found):
        raise NotFound(f"There is no violation {identifier}.")
    return found


def _held(tx: Transaction, user: User, identifier: str, *, decides: bool) -> Violation:
    if decides:
        # In the engine's order: no crossing of the subject is judged meanwhile by what is about to change.
        known = records.find(tx, identifier)
        links.alone(tx, {known.subject_key} if known and known.subject_key else ())
    violation = records.held(tx, identifier)
    if violation is None or not is_within(user.remit, violation):
        raise NotFound(f"There is no violation {identifier} in your remit.")
    return violation


def _urgent(tx: Transaction, remit: Remit, now: datetime) -> Iterator[str]:
    # One at a time, each read from its index in order, however many there are.
    for severity in reversed(Severity):
        for status in (ViolationStatus.REOPENED, ViolationStatus.OPEN):
            if (found := records.first_free(tx, status, severity, remit, now)) is not None:
                yield found


def _reply_by(asked: date | None, today: date) -> date:
    if asked and asked <= today:
        problem = Problem("/reply_by", "must lie after today", f"it is {today} at the checkpoint")
        raise Invalid("Nothing was changed: nobody could reply in time.", [problem])
    return asked or today + timedelta(days=REPLY_DAYS)


def _check_successor(tx: Transaction, to: str, violation: Violation) -> None:
    successor = users.get(tx, to)
    if (
        successor is None
        or successor.disabled_at
        or not successor.may(Permission.VIOLATIONS_WORK)
        or not is_within(successor.remit, violation)
    ):
        problem = Problem("/to", "is no user who works on violations there", "the identifier of an officer")
        raise Invalid("Nothing was changed: it cannot be handed over so.", [problem])


def _mark_later(tx: Transaction, violation: Violation, now: datetime) -> None:
    """Later crossings of the subject may hang on whether this violation stands: they are due."""
    if violation.subject_key is None:
        return
    keys = links.all_keys(tx, {violation.subject_key})
    found = history.later(tx, keys, violation.occurred_at, _FOR_EVER) - {violation.crossing}
    due.mark(tx, found, Trigger(Cause.CHANGED_VIOLATION, violation.crossing, now))
