"""Violations in the database: stored with the decision that found them, and read by officers page by page.

A page ends in a cursor: the place of its last item in the order, so that what is stored meanwhile neither repeats
nor hides an item.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, union_all, update

from app.errors import Invalid, NotFound, Problem
from app.identity.remit import EVERYWHERE, Remit
from app.storage.engine import Transaction
from app.storage.rows import store as store_rows
from app.storage.tables import crossings, decisions, findings, violation_changes, violations
from app.storage.types import is_storable
from app.violations import webhooks
from app.violations.paging import Sort, after, cursor_at, order
from app.violations.snoozes import sleeping
from app.violations.workflow import DUE, UNDECIDED, Action
from app.vocabulary.codes import (
    Advice,
    Direction,
    Mode,
    Outcome,
    Regime,
    Severity,
    SubjectKind,
    Verdict,
    ViolationStatus,
)

LARGEST_PAGE = 1000
MOST_COUNTED = 200
_COLUMN = violations.c
# Decisions read at once, of which the first is nearly always the one.
_FEW = 8
_NAMES = tuple(violations.c.keys())
_SEARCHED = (_COLUMN.rule, _COLUMN.checkpoint, _COLUMN.subject_key, _COLUMN.event_id)
_TRIGRAM = 3
# Each trigram is one more list to go through.
_MOST_SEARCHED = 6
_ANY_OF = ("status", "rule", "regime", "jurisdiction", "severity", "checkpoint", "subject_kind", "subject")
_MOST_VALUES = 50
# Nothing is taken that occurs more than a day ahead of the clock, which may be a little back by the time it is judged.
_OF_TODAY = ("outcome", "assignee", "protocol", "needs_review", "overdue")
_LONGEST_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Violation:
    """A violated finding of an active rule, for officers to decide on; `subject_key` is None if not known.

    `state` is the checkpoint's, `successor` the violation that stands in its place since it was judged again.
    """

    id: str
    finding: str
    crossing: str
    event_id: str
    rule: str
    version: str
    regime: Regime
    jurisdiction: str
    severity: Severity
    advice: Advice
    checkpoint: str
    state: str
    direction: Direction
    mode: Mode
    subject_kind: SubjectKind
    subject_position: int
    subject_key: str | None
    occurred_at: datetime
    local_date: date
    created_at: datetime
    updated_at: datetime
    status: ViolationStatus = ViolationStatus.OPEN
    needs_review: bool = False
    outcome: Outcome | None = None
    assignee: str | None = None
    decided_by: str | None = None
    protocol: str | None = None
    successor: str | None = None

    @property
    def what(self) -> tuple[object, ...]:
        """All that is told of it; a decision that finds the same again finds the same violation.

        Whoever has a key is the same at another place of the event.
        """
        told = (each for each in _NAMES if each not in _OF_THE_RECORD)
        place = None if self.subject_key else self.subject_position
        return place, *(getattr(self, name) for name in told)


_OF_THE_RECORD = frozenset(
    {
        "id",
        "finding",
        "created_at",
        "updated_at",
        "status",
        "needs_review",
        "outcome",
        "assignee",
        "decided_by",
        "protocol",
        "successor",
        "subject_position",
    }
)


JUDGE_AGAIN = "judge_again"
# What is done and leaves status, outcome and the need to look again as they are.
_UNMOVED = frozenset(
    {
        Action.HAND_OVER,
        Action.COMMENT,
        Action.ATTACH,
        Action.ISSUE_NOTICE,
        Action.RECEIVE_REBUTTAL,
        Action.RECTIFY,
    }
)
STATE = ("status", "needs_review", "outcome", "assignee", "decided_by")
"""What changes of a violation."""
_AT_FIRST: dict[str, Any] = {
    "status": ViolationStatus.OPEN,
    "needs_review": False,
    "outcome": None,
    "assignee": None,
    "decided_by": None,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Something done on a violation, and how it stands after it.

    `action` is a `workflow.Action`, or JUDGE_AGAIN of the engine; `detail` is what it brought along. `decision` is the
    one that brought it about, `successor` the violation of the same rule and subject in its place.
    """

    violation: str
    at: datetime
    actor: str
    action: str
    status: ViolationStatus
    needs_review: bool
    reason: str
    outcome: Outcome | None = None
    assignee: str | None = None
    decided_by: str | None = None
    detail: Any = field(default_factory=dict)
    decision: str | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A violation with the source of the crossing."""

    violation: Violation
    source: str


@dataclass(frozen=True, slots=True)
class Detail:
    """A violation as the newest decision that finds it tells of it: its rulebook, the subject's facts, why."""

    listed: Listed
    decision: str
    rulebook: str
    facts: Any
    explanation: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to look for: all of the given filters, each met by any of its values; an empty one asks nothing.

    `occurred_from` is included, `occurred_until` is not; `updated_since` is. With `as_of` violations are as they were
    known at that instant. `overdue` are those that were to be decided before an instant and are not; `snoozed` those of
    rules that sleep for their subjects at an instant, or not. `q` is part of a rule's identifier, a checkpoint, a
    subject's key or an event's identifier, in upper or lower case.
    """

    status: tuple[ViolationStatus, ...] = ()
    rule: tuple[str, ...] = ()
    regime: tuple[Regime, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    checkpoint: tuple[str, ...] = ()
    subject_kind: tuple[SubjectKind, ...] = ()
    subject: tuple[str, ...] = ()
    crossing: tuple[str, ...] = ()
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None
    updated_since: datetime | None = None
    as_of: datetime | None = None
    q: str | None = None
    outcome: tuple[Outcome, ...] = ()
    assignee: tuple[str, ...] = ()
    protocol: tuple[str, ...] = ()
    needs_review: bool | None = None
    overdue: datetime | None = None
    snoozed: tuple[bool, datetime] | None = None
    remit: Remit = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Page:
    """Items in order; `next_cursor` is None on the last page."""

    items: tuple[Listed, ...]
    next_cursor: str | None


def store(tx: Transaction, rows: Sequence[Violation]) -> None:
    """Insert violations, and tell webhooks of them; their findings and crossings must be there."""
    if not rows:
        return
    store_rows(tx, violations, rows)
    if hooks := webhooks.every(tx):
        webhooks.put(tx, hooks, (_message(row, row, row.created_at, 0) for row in rows))


def standing(tx: Transaction, crossing: str) -> list[Violation]:
    """Violations of a crossing that were not superseded; no officer decides on them until the transaction ends."""
    query = select(violations).where(_COLUMN.crossing == crossing, _COLUMN.status != ViolationStatus.SUPERSEDED)
    return [_violation(row) for row in tx.execute(query.with_for_update())]


def find(tx: Transaction, identifier: str) -> Violation | None:
    """One violation; None if there is none of that name."""
    row = tx.execute(select(violations).where(_COLUMN.id == identifier)).first() if is_storable(identifier) else None
    return _violation(row) if row else None


def newest(tx: Transaction, condition: ColumnElement[bool], remit: Remit, most: int) -> list[Violation]:
    """The newest violations within a remit of which a condition holds."""
    query = _listing().where(condition, within(remit))
    return [
        _violation(row) for row in tx.execute(query.order_by(_COLUMN.occurred_at.desc(), _COLUMN.id.desc()).limit(most))
    ]


def within(remit: Remit) -> ColumnElement[bool]:
    """That a violation lies within a remit: by the place where it was found, whatever its crossing was corrected to."""
    return remit.condition(_COLUMN.state, _COLUMN.checkpoint)


def held(tx: Transaction, identifier: str) -> Violation | None:
    """One violation; nobody else changes it until the transaction ends. None if there is none of that name."""
    if not is_storable(identifier):
        return None
    row = tx.execute(select(violations).where(_COLUMN.id == identifier).with_for_update()).one_or_none()
    return _violation(row) if row else None


def change(tx: Transaction, changes: Sequence[Change]) -> None:
    """Record changes, each the newest of its violation, carry them out, and tell webhooks where it stands."""
    column, numbers = violation_changes.c, []
    for each in changes:
        last = select(func.coalesce(func.max(column.number), 0) + 1).where(column.violation == each.violation)
        row = {name: getattr(each, name) for name in each.__slots__} | {"number": last.scalar_subquery()}
        numbers.append(tx.execute(insert(violation_changes).values(row).returning(column.number)).scalar_one())
        values = {name: getattr(each, name) for name in STATE} | {"updated_at": each.at}
        if each.detail.get("protocol"):
            values["protocol"] = each.detail["protocol"]
        if each.action == JUDGE_AGAIN:
            values["successor"] = each.successor
        tx.execute(update(violations).where(_COLUMN.id == each.violation).values(values))
    told = [(each, number) for each, number in zip(changes, numbers, strict=True) if each.action not in _UNMOVED]
    if told and (hooks := webhooks.every(tx)):
        query = select(violations).where(_COLUMN.id.in_({each.violation for each, _ in told}))
        found = {row.id: _violation(row) for row in tx.execute(query)}
        webhooks.put(tx, hooks, (_message(found[each.violation], each, each.at, number) for each, number in told))


def _message(violation: Violation, stands: Violation | Change, at: datetime, number: int) -> webhooks.Message:
    return webhooks.Message(
        violation.id,
        number,
        at,
        violation.jurisdiction,
        violation.rule,
        violation.checkpoint,
        stands.status,
        stands.outcome,
        stands.needs_review,
    )


def first_free(tx: Transaction, status: ViolationStatus, severity: Severity, remit: Remit, now: datetime) -> str | None:
    """The oldest of a status and severity within a remit that nobody else is taking and no snooze covers."""
    query = (
        select(_COLUMN.id)
        .where(_COLUMN.status == status, _COLUMN.severity == severity, ~sleeping(now), within(remit))
        .order_by(_COLUMN.occurred_at, _COLUMN.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return tx.execute(query).scalar()


def move(tx: Transaction, moved: Iterable[Violation]) -> None:
    """Keep at which place of the event their subjects are now."""
    for each in moved:
        tx.execute(update(violations).where(_COLUMN.id == each.id).values(subject_position=each.subject_position))


def changes_of(tx: Transaction, identifier: str) -> list[Change]:
    """All changes of a violation, first to last."""
    column = violation_changes.c
    columns = [each for each in column if each.name != "number"]
    query = select(*columns).where(column.violation == identifier).order_by(column.number)
    return [Change(**row._asdict()) for row in tx.execute(query)]


def counts_of_changes(tx: Transaction, identifiers: Collection[str]) -> dict[str, int]:
    """How many changes each has; those without any are left out."""
    column = violation_changes.c
    query = select(column.violation, func.count()).where(column.violation.in_(identifiers)).group_by(column.violation)
    return dict(tx.execute(query).all())


def get(tx: Transaction, identifier: str, as_of: datetime | None = None) -> Detail:
    """One violation, now or as it was known at an instant; raises `NotFound`."""
    row = tx.execute(_listing().where(_COLUMN.id == identifier)).one_or_none() if is_storable(identifier) else None
    if row is None or (as_of and row.created_at > as_of):
        known = f" known on {as_of.isoformat()}" if row and as_of else ""
        raise NotFound(f"There is no violation {identifier}{known}.")
    listed = _listed(row)
    if as_of:
        listed = next(_as_of(tx, [listed], as_of))
    return _as_found(tx, listed, as_of)


def _as_found(tx: Transaction, listed: Listed, as_of: datetime | None) -> Detail:
    """With what the newest decision until then that finds it tells of it."""
    violation, found = listed.violation, findings.c
    query = (
        select(decisions)
        .where(
            decisions.c.crossing == violation.crossing,
            decisions.c.id.in_(
                select(found.decision).where(
                    found.crossing == violation.crossing,
                    found.rule == violation.rule,
                    found.version == violation.version,
                    found.subject_kind == violation.subject_kind,
                    found.verdict == Verdict.VIOLATED,
                )
            ),
        )
        .order_by(decisions.c.number.desc())
    )
    if as_of:
        query = query.where(decisions.c.evaluated_at <= as_of)
    # Of a crossing that was corrected there may be others of whom the same is found: the answer names the violation.
    rows = tx.execute(query.execution_options(yield_per=_FEW))
    row, told = next((row, told) for row in rows if (told := _told(row.answer, violation.id)))
    rows.close()
    place = told["subject"]["index"]
    # Persons come first, then organisations.
    facts = [each for each in row.facts if each["subject.kind"] == violation.subject_kind][place]
    listed = replace(listed, violation=replace(violation, subject_position=place))
    return Detail(listed, row.id, row.rulebook, facts, told["explanation"])


def _told(answer: bytes, violation: str) -> Any:  # noqa: ANN401 (JSON)
    """The finding of an answer that is this violation; None if there is none."""
    return next((each for each in orjson.loads(answer)["findings"] if each["violation"] == violation), None)


def search(
    tx: Transaction, filters: Filters, sort: Sort = Sort.NEWEST, limit: int = 50, cursor: str | None = None
) -> Page:
    """A page of at most `limit` (1 to 1000) violations.

    Give the same filters and sort with the cursor of the page before. Raises `Invalid` for a cursor that is not one,
    or not of this sort, and for a limit out of bounds.
    """
    if problems := _problems(filters, sort, limit):
        raise Invalid("The page cannot be given.", problems)
    beside = [after(cursor, sort)] if cursor is not None else []
    if tx.dialect.name == "postgresql" and filters.q and len(filters.q) >= _TRIGRAM:
        # Says nothing that the filter does not, but has an index. Identifiers differ at their end.
        beside.append(func.trigrams(*_SEARCHED).op("@>")(func.trigrams(filters.q[-_MOST_SEARCHED:])))
    either = [[*_conditions(each), *beside] for each in _one_by_one(filters)]
    if len(either) == 1:
        query = _listing().where(*either[0])
    else:
        of_them = select(_COLUMN.id).order_by(*order(sort))
        firsts = (of_them.where(*each).limit(limit + 1).subquery() for each in either)
        query = _listing().where(_COLUMN.id.in_(union_all(*(select(each.c.id) for each in firsts))))
    query = query.order_by(*order(sort)).limit(limit + 1)
    rows = tx.execute(query).all()
    more = len(rows) > limit
    found = [_listed(row) for row in rows[:limit]]
    if filters.as_of:
        found = list(_as_of(tx, found, filters.as_of))
    return Page(tuple(found), cursor_at(rows[limit - 1], sort) if more else None)


def _one_by_one(filters: Filters) -> list[Filters]:
    """With each value alone of the one filter that has several: of each its index gives the first in order.

    The filters as they are where none has several, or more than one, or too many.
    """
    several = [name for name in _ANY_OF if len(getattr(filters, name)) > 1]
    if len(several) != 1 or len(values := dict.fromkeys(getattr(filters, several[0]))) > _MOST_VALUES:
        return [filters]
    alone: list[dict[str, Any]] = [{several[0]: (value,)} for value in values]
    return [replace(filters, **each) for each in alone]


def _as_of(tx: Transaction, listed: Sequence[Listed], as_of: datetime) -> Iterator[Listed]:
    """As they were known at an instant: with the last change until then, or none."""
    column = violation_changes.c
    query = select(violation_changes).where(
        column.violation.in_([each.violation.id for each in listed]), column.at <= as_of
    )
    last: dict[str, Any] = {}
    protocols: dict[str, str] = {}
    for row in tx.execute(query.order_by(column.number)):
        last[row.violation] = row
        if row.detail.get("protocol"):
            protocols[row.violation] = row.detail["protocol"]
    for each in listed:
        was = last.get(each.violation.id)
        known = {name: getattr(was, name) for name in STATE} if was else dict(_AT_FIRST)
        known |= {"protocol": protocols.get(each.violation.id), "successor": was.successor if was else None}
        at = was.at if was else each.violation.created_at
        yield replace(each, violation=replace(each.violation, **known, updated_at=at))


def _problems(filters: Filters, sort: Sort, limit: int) -> list[Problem]:
    texts = {
        "rule": filters.rule,
        "jurisdiction": filters.jurisdiction,
        "checkpoint": filters.checkpoint,
        "assignee": filters.assignee,
        "protocol": filters.protocol,
        "subject": filters.subject,
        "q": (filters.q or "",),
    }
    problems = [
        Problem(name, "has characters that cannot be looked for", "leave out control characters")
        for name, values in texts.items()
        if not all(map(is_storable, values))
    ]
    if filters.as_of:
        given = {name for name in _OF_TODAY if getattr(filters, name) not in {None, ()}}
        hint = "leave it out, or as_of"
        problems += [Problem(name, "is known of today alone, and not beside as_of", hint) for name in sorted(given)]
    if filters.as_of and (filters.updated_since or sort in {Sort.LAST_UPDATED, Sort.FIRST_UPDATED}):
        hint = "leave out updated_since, and sort by occurred_at or severity"
        problems.append(Problem("as_of", "cannot stand beside when violations were last updated", hint))
    if not 1 <= limit <= LARGEST_PAGE:
        problems.append(Problem("limit", f"is not a number from 1 to {LARGEST_PAGE}"))
    return problems


def _listing() -> Select[Any]:
    return select(violations, crossings.c.source).join(crossings, crossings.c.id == _COLUMN.crossing)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    any_of: dict[ColumnElement[Any], Sequence[Any]] = {
        _status(filters.as_of): filters.status,
        _COLUMN.rule: filters.rule,
        _COLUMN.regime: filters.regime,
        _COLUMN.jurisdiction: filters.jurisdiction,
        # Else it is among what makes it late.
        _COLUMN.severity: filters.severity if filters.overdue is None else (),
        _COLUMN.checkpoint: filters.checkpoint,
        _COLUMN.subject_kind: filters.subject_kind,
        _COLUMN.subject_key: filters.subject,
        _COLUMN.crossing: filters.crossing,
        _COLUMN.outcome: filters.outcome,
        _COLUMN.assignee: filters.assignee,
        _COLUMN.protocol: filters.protocol,
    }
    conditions: list[ColumnElement[bool]] = [column.in_(values) for column, values in any_of.items() if values]
    if filters.remit != EVERYWHERE:
        conditions.append(within(filters.remit))
    if filters.needs_review is not None:
        conditions.append(_COLUMN.needs_review.is_(filters.needs_review))
    if filters.overdue is not None:
        conditions.append(is_overdue(filters.overdue, filters.severity or tuple(Severity)))
    if filters.snoozed is not None:
        wanted, now = filters.snoozed
        conditions.append(sleeping(now) if wanted else ~sleeping(now))
    if filters.as_of is not None:
        conditions.append(_COLUMN.created_at <= filters.as_of)
        # Follows from it, and lets the index begin there.
        conditions.append(_COLUMN.occurred_at <= _later(filters.as_of, _LONGEST_AHEAD))
    if filters.occurred_from is not None:
        conditions.append(_COLUMN.occurred_at >= filters.occurred_from)
    if filters.occurred_until is not None:
        conditions.append(_COLUMN.occurred_at < filters.occurred_until)
    if filters.updated_since is not None:
        conditions.append(_COLUMN.updated_at >= filters.updated_since)
    if filters.q:
        pattern = "%" + re.sub("[%_/]", r"/\g<0>", filters.q) + "%"
        conditions.append(or_(*(column.ilike(pattern, escape="/") for column in _SEARCHED)))
    return conditions


def _later(at: datetime, by: timedelta) -> datetime:
    return min(at, datetime.max.replace(tzinfo=UTC) - by) + by


def is_overdue(now: datetime, severities: Iterable[Severity] = tuple(Severity)) -> ColumnElement[bool]:
    """That it was to be decided before this instant, and is not; of these severities."""
    late = [(_COLUMN.severity == each) & (_COLUMN.created_at < now - DUE[each]) for each in severities]
    return _COLUMN.status.in_(UNDECIDED) & or_(*late)


def counts(tx: Transaction, filters: Filters, now: datetime) -> dict[str, int]:
    """How many there are of each status, overdue, and to be looked at again, of what the other filters leave.

    Counted up to `MOST_COUNTED`, so that it takes no longer however many there are.
    """
    found = {str(status): _count(tx, replace(filters, status=(status,))) for status in ViolationStatus}
    # Of one severity after the other, each from its index.
    late = (replace(filters, status=(), severity=(each,), overdue=now) for each in filters.severity or tuple(Severity))
    found["overdue"] = min(MOST_COUNTED, sum(_count(tx, each) for each in late))
    found["needs_review"] = _count(tx, replace(filters, status=(), needs_review=True))
    return found


def are_more(tx: Transaction, filters: Filters, than: int) -> bool:
    """Whether there are more than so many; counts no further. Raises `Invalid` as `search`."""
    if problems := _problems(filters, Sort.NEWEST, LARGEST_PAGE):
        raise Invalid("They cannot be counted.", problems)
    return _count(tx, filters, than + 1) > than


def _count(tx: Transaction, filters: Filters, most: int = MOST_COUNTED) -> int:
    first = select(_COLUMN.id).where(*_conditions(filters)).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(first)).scalar_one()


def _status(as_of: datetime | None) -> ColumnElement[Any]:
    """The status, now or at an instant."""
    if as_of is None:
        return _COLUMN.status
    column = violation_changes.c
    last = select(column.status).where(column.violation == _COLUMN.id, column.at <= as_of)
    return func.coalesce(
        last.order_by(column.number.desc()).limit(1).correlate(violations).scalar_subquery(), ViolationStatus.OPEN
    )


def _violation(row: Row[Any]) -> Violation:
    values = row._asdict()
    return Violation(**{name: values[name] for name in _NAMES})


def _listed(row: Row[Any]) -> Listed:
    return Listed(_violation(row), row.source)
