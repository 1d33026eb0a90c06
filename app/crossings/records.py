"""Crossings with their decisions in the database: stored many at a time, found again by what the sender called them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import JSON, ColumnElement, Table, bindparam, column, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from app.errors import NotFound, Unavailable
from app.storage import tables
from app.storage.engine import Transaction, is_duplicate
from app.storage.types import is_storable
from app.vocabulary.codes import Advice, Direction, Mode, Severity, SubjectKind, Verdict

Json: TypeAlias = Any
Key: TypeAlias = tuple[str, str]
"""The source and the event's identifier in it."""


class Raced(Unavailable):
    """Another transaction stored one of these events first; in a new transaction `known` finds it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of a crossing at its `position` among those of its kind; `key` names it across crossings, if known."""

    kind: SubjectKind
    position: int
    key: str | None
    role: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict worth keeping (violated or undetermined), with the paths it missed and its explanation."""

    id: str
    rule: str
    version: str
    verdict: Verdict
    severity: Severity
    shadow: bool
    subject_kind: SubjectKind
    subject_position: int
    missing: tuple[str, ...]
    explanation: Json


@dataclass(frozen=True, slots=True)
class Difference:
    """A nominating backend that did not agree with the reference: `kind` is `missed` or `extra`."""

    id: str
    rule: str
    subject_kind: SubjectKind
    subject_position: int
    backend: str
    kind: str
    verdict: Verdict
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What was concluded under one rulebook, with all that deriving it again needs.

    `answer` is the body sent. `facts` and `compliant` (identifiers of rules) are lists by subject.
    """

    id: str
    rulebook: str
    evaluated_at: datetime
    outcome: str
    advice: Advice | None
    answer: bytes
    facts: Json
    compliant: Json
    findings: tuple[Finding, ...]
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """One event: `body` as received, `body_digest` the SHA-256 of its canonical JSON in hexadecimal."""

    id: str
    source: str
    event_id: str
    body: bytes
    body_digest: str
    received_at: datetime
    received_by: str
    occurred_at: datetime
    local_date: date
    checkpoint: str
    jurisdiction: str
    direction: Direction
    mode: Mode
    subjects: tuple[Subject, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the sender of an event stored before must be told again."""

    crossing: str
    body_digest: str
    answer: bytes


_FIRST_ANSWER = (
    select(tables.decisions.c.answer)
    .where(tables.decisions.c.crossing == tables.crossings.c.id)
    .order_by(tables.decisions.c.evaluated_at, tables.decisions.c.id)
    .limit(1)
    .scalar_subquery()
)


_UNPACKED = func.json_each(bindparam("keys", type_=JSON)).table_valued(column("value", JSON)).c.value
_KEYS: Mapping[str, Any] = {
    "postgresql": bindparam("keys", expanding=True),
    # SQLite searches its index for a list of pairs only if a query gives it.
    "sqlite": select(_UNPACKED[0].as_string(), _UNPACKED[1].as_string()),
}
# The answer by a subquery: SQLite would begin a join with every decision there is.
_KNOWN = {
    dialect: select(
        tables.crossings.c.source,
        tables.crossings.c.event_id,
        tables.crossings.c.id,
        tables.crossings.c.body_digest,
        _FIRST_ANSWER,
    ).where(tuple_(tables.crossings.c.source, tables.crossings.c.event_id).in_(keys))
    for dialect, keys in _KEYS.items()
}


def store(tx: Transaction, crossings: Sequence[Crossing]) -> None:
    """Insert crossings with all that belongs to them; raises `Raced`, after which the transaction is of no more use."""
    try:
        _insert(tx, tables.crossings, [(crossing, {}) for crossing in crossings])
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("The same event is being stored by another request; send it again.") from error
        raise
    of = [(crossing, {"crossing": crossing.id}) for crossing in crossings]
    _insert(tx, tables.crossing_subjects, [(each, parent) for crossing, parent in of for each in crossing.subjects])
    _insert(tx, tables.decisions, [(each, parent) for crossing, parent in of for each in crossing.decisions])
    by = [(decision, {"decision": decision.id}) for crossing in crossings for decision in crossing.decisions]
    _insert(tx, tables.findings, [(each, parent) for decision, parent in by for each in decision.findings])
    _insert(tx, tables.differences, [(each, parent) for decision, parent in by for each in decision.differences])


def known(tx: Transaction, keys: Collection[Key]) -> dict[Key, Known]:
    """Which of these events are stored, with the answer first given."""
    return {(row[0], row[1]): Known(*row[2:]) for row in tx.execute(_KNOWN[tx.dialect.name], {"keys": list(keys)})}


def find(tx: Transaction, source: str, event_id: str) -> Known | None:
    """As `known`, for one event."""
    key = (source, event_id)
    return known(tx, [key]).get(key)


def get(tx: Transaction, identifier: str) -> Crossing:
    """A crossing with its decisions, newest first, and their findings by subject and rule; raises `NotFound`."""
    crossing, subject, decision = tables.crossings.c, tables.crossing_subjects.c, tables.decisions.c
    rows = _select(tx, tables.crossings, crossing.id == identifier) if is_storable(identifier) else []
    if not rows:
        raise NotFound(f"There is no crossing {identifier}.")
    subjects = _select(tx, tables.crossing_subjects, subject.crossing == identifier, subject.kind, subject.position)
    decisions = _select(
        tx, tables.decisions, decision.crossing == identifier, decision.evaluated_at.desc(), decision.id.desc()
    )
    return Crossing(
        **rows[0],
        subjects=tuple(Subject(**_without(each, "crossing")) for each in subjects),
        decisions=tuple(_decision(tx, each) for each in decisions),
    )


def _decision(tx: Transaction, row: Mapping[str, Any]) -> Decision:
    found, other = tables.findings, tables.differences
    subject = ("subject_kind", "subject_position", "rule")
    findings = _select(tx, found, found.c.decision == row["id"], *(found.c[name] for name in subject))
    differences = _select(tx, other, other.c.decision == row["id"], *(other.c[name] for name in subject), other.c.id)
    return Decision(
        **_without(row, "crossing"),
        findings=tuple(
            Finding(**_without(each, "decision") | {"missing": tuple(each["missing"])}) for each in findings
        ),
        differences=tuple(Difference(**_without(each, "decision")) for each in differences),
    )


def _insert(tx: Transaction, table: Table, items: Sequence[tuple[object, Mapping[str, str]]]) -> None:
    """Insert each item's attributes named as columns are; its parent comes with it."""
    if items:
        names = table.c.keys()
        rows = [{name: parent.get(name) or getattr(item, name) for name in names} for item, parent in items]
        tx.execute(insert(table), rows)


def _select(
    tx: Transaction, table: Table, condition: ColumnElement[bool], *order: ColumnElement[Any]
) -> list[dict[str, Any]]:
    return [row._asdict() for row in tx.execute(select(table).where(condition).order_by(*order))]


def _without(row: Mapping[str, Any], parent: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != parent}
