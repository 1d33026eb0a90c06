"""Violations in the database: stored with the decision that found them, and read by officers page by page.

A page ends in a cursor: the place of its last item in the order, so that what is stored meanwhile neither repeats
nor hides an item.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, union_all, update

from app.errors import Invalid, NotFound, Problem
from app.storage.engine import Transaction
from app.storage.rows import store as store_rows
from app.storage.tables import crossings, decisions, findings, violation_changes, violations
from app.storage.types import is_storable
from app.violations.paging import Sort, after, cursor_at, order
from app.vocabulary.codes import Advice, Direction, Mode, Regime, Severity, SubjectKind, Verdict

LARGEST_PAGE = 1000
OPEN = "open"
SUPERSEDED = "superseded"
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
_LONGEST_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Violation:
    """A violated finding of an active rule, for officers to decide on; `subject_key` is None if not known."""

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
    direction: Direction
    mode: Mode
    subject_kind: SubjectKind
    subject_position: int
    subject_key: str | None
    occurred_at: datetime
    local_date: date
    created_at: datetime
    updated_at: datetime
    status: str = OPEN
    needs_review: bool = False

    @property
    def what(self) -> tuple[object, ...]:
        """All that is told of it; a decision that finds the same again finds the same violation.

        Whoever has a key is the same at another place of the event.
        """
        told = (each for each in _NAMES if each not in _OF_THE_RECORD)
        place = None if self.subject_key else self.subject_position
        return place, *(getattr(self, name) for name in told)


_OF_THE_RECORD = frozenset({"id", "finding", "created_at", "updated_at", "status", "needs_review", "subject_position"})


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a violation: its new status, and whether an officer must look at it again.

    `decision` is the one that brought it about, `successor` the violation of the same rule and subject in its place.
    """

    violation: str
    at: datetime
    actor: str
    status: str
    needs_review: bool
    reason: str
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
    known at that instant. `q` is part of a rule's identifier, a checkpoint, a subject's key or an event's identifier,
    in upper or lower case.
    """

    status: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    regime: tuple[Regime, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    checkpoint: tuple[str, ...] = ()
    subject_kind: tuple[SubjectKind, ...] = ()
    subject: tuple[str, ...] = ()
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None
    updated_since: datetime | None = None
    as_of: datetime | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Items in order; `next_cursor` is None on the last page."""

    items: tuple[Listed, ...]
    next_cursor: str | None


def store(tx: Transaction, rows: Sequence[Violation]) -> None:
    """Insert violations; their findings and crossings must be there."""
    store_rows(tx, violations, rows)


def standing(tx: Transaction, crossing: str) -> list[Violation]:
    """Violations of a crossing that were not superseded."""
    query = select(violations).where(_COLUMN.crossing == crossing, _COLUMN.status != SUPERSEDED)
    return [Violation(**row._asdict()) for row in tx.execute(query)]


def change(tx: Transaction, changes: Sequence[Change]) -> None:
    """Record changes, each the newest of its violation, and carry them out."""
    column = violation_changes.c
    for each in changes:
        last = select(func.coalesce(func.max(column.number), 0) + 1).where(column.violation == each.violation)
        row = {name: getattr(each, name) for name in each.__slots__} | {"number": last.scalar_subquery()}
        tx.execute(insert(violation_changes).values(row))
        values = {"status": each.status, "needs_review": each.needs_review, "updated_at": each.at}
        tx.execute(update(violations).where(_COLUMN.id == each.violation).values(values))


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
        firsts = (select(_COLUMN.id).where(*each).order_by(*order(sort)).limit(limit + 1).subquery() for each in either)
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
    last = {row.violation: row for row in tx.execute(query.order_by(column.number))}
    for each in listed:
        was = last.get(each.violation.id)
        known = (was.status, was.needs_review, was.at) if was else (OPEN, False, each.violation.created_at)
        status, review, at = known
        yield replace(each, violation=replace(each.violation, status=status, needs_review=review, updated_at=at))


def _problems(filters: Filters, sort: Sort, limit: int) -> list[Problem]:
    texts = {
        "status": filters.status,
        "rule": filters.rule,
        "jurisdiction": filters.jurisdiction,
        "checkpoint": filters.checkpoint,
        "subject": filters.subject,
        "q": (filters.q or "",),
    }
    problems = [
        Problem(name, "has characters that cannot be looked for", "leave out control characters")
        for name, values in texts.items()
        if not all(map(is_storable, values))
    ]
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
        _COLUMN.severity: filters.severity,
        _COLUMN.checkpoint: filters.checkpoint,
        _COLUMN.subject_kind: filters.subject_kind,
        _COLUMN.subject_key: filters.subject,
    }
    conditions: list[ColumnElement[bool]] = [column.in_(values) for column, values in any_of.items() if values]
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


def _status(as_of: datetime | None) -> ColumnElement[Any]:
    """The status, now or at an instant."""
    if as_of is None:
        return _COLUMN.status
    column = violation_changes.c
    last = select(column.status).where(column.violation == _COLUMN.id, column.at <= as_of)
    return func.coalesce(last.order_by(column.number.desc()).limit(1).correlate(violations).scalar_subquery(), OPEN)


def _listed(row: Row[Any]) -> Listed:
    values = row._asdict()
    return Listed(Violation(**{name: values[name] for name in _NAMES}), row.source)
