"""Crossings with their decisions in the database: stored many at a time, found again by what the sender called them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

import orjson
from sqlalchemy import JSON, ColumnElement, Table, bindparam, column, func, select, tuple_
from sqlalchemy.exc import IntegrityError

from app.errors import NotFound, Unavailable
from app.identity.remit import Remit
from app.storage import tables
from app.storage.engine import Transaction, is_duplicate
from app.storage.rows import store as store_rows
from app.storage.rows import store_parts
from app.storage.types import is_storable
from app.vocabulary.codes import Advice, Direction, Mode, Severity, SubjectKind, Verdict

Json: TypeAlias = Any
Key: TypeAlias = tuple[str, str]
"""The source and the event's identifier in it."""
# Decisions given at once: with many travellers, each late event of one of them makes another one.
NEWEST = 50
_DECISION = tables.decisions.c


class Raced(Unavailable):
    """Another transaction stored one of these events first; in a new transaction `known` finds it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of a crossing at its `position` among those of its kind; `key` names it across crossings, if known.

    The other members are what its later crossings need to know of this one (`vocabulary.past.Leg`).
    """

    kind: SubjectKind
    position: int
    key: str | None
    role: str | None
    country: str | None
    occurred_at: datetime
    direction: str
    checkpoint: str
    basis: str
    local_date: date
    state: str
    holder: str | None
    issued_on: date | None

    def named(self) -> Json:
        """Whom a revision names, as kept once it is replaced."""
        return {"kind": self.kind, "index": self.position, "key": self.key, "role": self.role, "country": self.country}


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


class Cause(StrEnum):
    """Why a crossing was judged."""

    RECEIVED = "received"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    LATE_EVENT = "late_event"
    CHANGED_VIOLATION = "changed_violation"
    LINK = "subjects_linked"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was concluded of one revision under one rulebook, with all that deriving it again needs.

    `number` counts all on the crossing. `answer` is the body sent. `facts` and `compliant` (identifiers of rules) are
    lists by subject. `caused_by` is the crossing or the link that made it necessary to judge again.
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
    number: int = 1
    revision: int = 1
    cause: Cause = Cause.RECEIVED
    caused_by: str | None = None


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
    voyage: str | None
    vehicles: int
    persons: int
    subjects: tuple[Subject, ...]
    decisions: tuple[Decision, ...]
    revision: int = 1
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the sender of an event stored before must be told again: of its first body, and of corrected ones."""

    crossing: str
    body_digest: str
    answer: bytes
    revision: int = 1


# Of one that was corrected, the digest of the first body: that is what its sender may send again.
_FIRST_DIGEST = (
    select(tables.crossing_revisions.c.body_digest)
    .where(tables.crossing_revisions.c.crossing == tables.crossings.c.id, tables.crossing_revisions.c.number == 1)
    .scalar_subquery()
)


_UNPACKED = func.json_each(bindparam("keys", type_=JSON)).table_valued(column("value", JSON)).c.value
_KEYS: Mapping[str, Any] = {
    "postgresql": bindparam("keys", expanding=True),
    # SQLite searches its index for a list of pairs only if a query gives it.
    "sqlite": select(_UNPACKED[0].as_string(), _UNPACKED[1].as_string()),
}
_KNOWN = {
    dialect: select(
        tables.crossings.c.source,
        tables.crossings.c.event_id,
        tables.crossings.c.id,
        func.coalesce(_FIRST_DIGEST, tables.crossings.c.body_digest),
        tables.crossings.c.revision,
    ).where(tuple_(tables.crossings.c.source, tables.crossings.c.event_id).in_(keys))
    for dialect, keys in _KEYS.items()
}


def store(tx: Transaction, crossings: Sequence[Crossing]) -> None:
    """Insert crossings with all that belongs to them; raises `Raced`, after which the transaction is of no more use."""
    try:
        store_rows(tx, tables.crossings, crossings)
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("The same event is being stored by another request; send it again.") from error
        raise
    store_parts(tx, tables.crossing_bodies, ("crossing",), [((crossing.id,), crossing) for crossing in crossings])
    store_subjects(tx, crossings)
    store_decisions(tx, [(crossing.id, decision) for crossing in crossings for decision in crossing.decisions])


def store_subjects(tx: Transaction, crossings: Sequence[Crossing]) -> None:
    """Insert the subjects of crossings."""
    subjects = [((crossing.id,), each) for crossing in crossings for each in crossing.subjects]
    store_parts(tx, tables.crossing_subjects, ("crossing",), subjects)


def store_decisions(tx: Transaction, decided: Sequence[tuple[str, Decision]]) -> None:
    """Insert decisions, each with the crossing it is on."""
    store_parts(tx, tables.decisions, ("crossing",), [((crossing,), each) for crossing, each in decided])
    by = [((crossing, decision.id), decision) for crossing, decision in decided]
    parents = ("crossing", "decision")
    store_parts(tx, tables.findings, parents, [(of, each) for of, decision in by for each in decision.findings])
    store_parts(tx, tables.differences, parents, [(of, each) for of, decision in by for each in decision.differences])


def known(tx: Transaction, keys: Collection[Key]) -> dict[Key, Known]:
    """Which of these events are stored, with the answer first given."""
    rows = tx.execute(_KNOWN[tx.dialect.name], {"keys": list(keys)}).all()
    answers = _first_answers(tx, [row.id for row in rows]) if rows else {}
    return {
        (source, event): Known(crossing, digest, answers[crossing], revision)
        for source, event, crossing, digest, revision in rows
    }


def _first_answers(tx: Transaction, identifiers: Sequence[str]) -> dict[str, bytes]:
    """The answer of the first decision on each crossing."""
    first = _DECISION.crossing.in_(identifiers) & (_DECISION.number == 1)
    return {row.crossing: row.answer for row in tx.execute(select(_DECISION.crossing, _DECISION.answer).where(first))}


def said_of(crossing: Crossing, kind: SubjectKind, key: str | None, position: int) -> Mapping[str, Any]:
    """What the event says of a subject now; nothing where a correction no longer names it.

    `position` is where it was, of one without a key.
    """
    if not crossing.body:
        return {}
    if key:
        placed = {each.key: each.position for each in crossing.subjects if each.kind is kind}
        position = placed.get(key, -1)
    members = orjson.loads(crossing.body).get("persons" if kind is SubjectKind.INDIVIDUAL else "organizations") or ()
    return members[position] if 0 <= position < len(members) else {}


def named(said: Mapping[str, Any]) -> str:
    """The name of a person or company, as the event gives it; empty where it gives none."""
    return str(said.get("name") or " ".join(filter(None, (said.get("surname"), said.get("given_names")))))


def get(tx: Transaction, identifier: str, most: int = NEWEST) -> Crossing:
    """A crossing as it is now, with at most so many of its decisions, as `decisions_on` gives them.

    Raises `NotFound`.
    """
    crossing, body, subject = tables.crossings.c, tables.crossing_bodies.c, tables.crossing_subjects.c
    query = (
        select(tables.crossings, body.body)
        .join(tables.crossing_bodies, body.crossing == crossing.id)
        .where(crossing.id == identifier, body.crossing == identifier)
    )
    row = tx.execute(query).one_or_none() if is_storable(identifier) else None
    if row is None:
        raise NotFound(f"There is no crossing {identifier}.")
    subjects = _select(tx, tables.crossing_subjects, subject.crossing == identifier, subject.kind, subject.position)
    return Crossing(
        **row._asdict(),
        subjects=tuple(Subject(**_without(each, "crossing")) for each in subjects),
        decisions=decisions_on(tx, identifier, most),
    )


def decisions_on(
    tx: Transaction, crossing: str, most: int, *, as_of: datetime | None = None, before: int | None = None
) -> tuple[Decision, ...]:
    """The newest decisions on a crossing that were made until an instant and are numbered below `before`.

    Newest first, with their findings by subject and rule.
    """
    conditions = [_DECISION.crossing == crossing, *_until(as_of)]
    if before is not None:
        conditions.append(_DECISION.number < before)
    query = select(tables.decisions).where(*conditions).order_by(_DECISION.number.desc()).limit(most)
    return _whole(tx, [row._asdict() for row in tx.execute(query)])


def count_on(tx: Transaction, crossing: str, as_of: datetime | None = None) -> int:
    """How many decisions there are on a crossing that were made until an instant."""
    query = select(func.count()).where(_DECISION.crossing == crossing, *_until(as_of))
    return tx.execute(query).scalar_one()


def facts_first_told(tx: Transaction, crossing: str, revision: int, as_of: datetime | None = None) -> Json:
    """The facts of the first subject by the newest decision on a revision, made until an instant; else nothing."""
    query = select(_DECISION.facts).where(
        _DECISION.crossing == crossing, _DECISION.revision == revision, *_until(as_of)
    )
    facts = tx.execute(query.order_by(_DECISION.number.desc()).limit(1)).scalar()
    return facts[0] if facts else {}


def _until(as_of: datetime | None) -> list[ColumnElement[bool]]:
    return [] if as_of is None else [_DECISION.evaluated_at <= as_of]


def check_within(tx: Transaction, identifier: str, remit: Remit) -> None:
    """Raise `NotFound` unless the crossing is in the remit."""
    place = select(tables.crossings.c.jurisdiction, tables.crossings.c.checkpoint)
    row = tx.execute(place.where(tables.crossings.c.id == identifier)).first() if is_storable(identifier) else None
    if row is None or not remit.covers(row.jurisdiction, row.checkpoint):
        raise NotFound(f"There is no crossing {identifier}.")


def source_of(tx: Transaction, identifier: str) -> str | None:
    """Which source sent a crossing; None if there is no such crossing."""
    if not is_storable(identifier):
        return None
    return tx.execute(select(tables.crossings.c.source).where(tables.crossings.c.id == identifier)).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class Stored:
    """What judging a crossing again needs: its event, and what its last decision rests on and told."""

    id: str
    body: bytes
    revision: int
    withdrawn: bool
    facts: Json
    number: int
    answer: bytes


def many(tx: Transaction, identifiers: Sequence[str]) -> list[Stored]:
    """These crossings, each with its newest decision."""
    crossing, body, decision = tables.crossings.c, tables.crossing_bodies.c, tables.decisions.alias().c
    last = (
        select(decision.crossing, func.max(decision.number).label("number"))
        .where(decision.crossing.in_(identifiers))
        .group_by(decision.crossing)
        .subquery()
    )
    query = (
        select(
            crossing.id,
            body.body,
            crossing.revision,
            crossing.withdrawn,
            _DECISION.facts,
            _DECISION.number,
            _DECISION.answer,
        )
        .select_from(tables.crossings)
        .join(tables.crossing_bodies, body.crossing == crossing.id)
        .join(last, last.c.crossing == crossing.id)
        .join(tables.decisions, (_DECISION.crossing == crossing.id) & (_DECISION.number == last.c.number))
        # Of each partitioned table, or all of its months would be looked into.
        .where(*(column.in_(identifiers) for column in (crossing.id, body.crossing, _DECISION.crossing)))
    )
    return [Stored(*row) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Replayable:
    """A decision with the event it is on. `findings` are rule, subject's kind and position, and verdict."""

    crossing: str
    decision: str
    body: bytes
    outcome: str
    facts: Json
    compliant: Json
    findings: tuple[tuple[str, str, int, str], ...] = ()


def count_decisions(tx: Transaction) -> int:
    """How many there are."""
    return tx.execute(select(func.count()).select_from(tables.decisions)).scalar_one()


def rulebooks_used(tx: Transaction) -> list[str]:
    """Digests of the rulebooks decisions were made by."""
    return list(
        tx.execute(select(tables.decisions.c.rulebook).distinct().order_by(tables.decisions.c.rulebook)).scalars()
    )


def replayable(tx: Transaction, rulebook: str, after: tuple[str, str], most: int) -> list[Replayable]:
    """Decisions made by a rulebook, in the order of crossings and their identifiers, from after one of them on.

    With the body of the revision each is on.
    """
    decision, revision, body = _DECISION, tables.crossing_revisions.c, tables.crossing_bodies.c
    of_it = (revision.crossing == decision.crossing) & (revision.number == decision.revision)
    query = (
        select(
            decision.crossing,
            decision.id,
            func.coalesce(revision.body, body.body),
            decision.outcome,
            decision.facts,
            decision.compliant,
        )
        .select_from(tables.decisions)
        .join(tables.crossing_bodies, body.crossing == decision.crossing)
        .outerjoin(tables.crossing_revisions, of_it)
        .where(
            decision.rulebook == rulebook,
            # The first for months, which are told by it alone.
            decision.crossing >= after[0],
            tuple_(decision.crossing, decision.id) > tuple_(*after),
        )
        .order_by(decision.crossing, decision.id)
        .limit(most)
    )
    rows = tx.execute(query).all()
    found = tables.findings.c
    verdicts: dict[str, list[tuple[str, str, int, str]]] = {row.id: [] for row in rows}
    asked = select(found.decision, found.rule, found.subject_kind, found.subject_position, found.verdict).where(
        found.crossing.in_({row.crossing for row in rows}), found.decision.in_(verdicts)
    )
    for name, rule, kind, position, verdict in tx.execute(asked):
        verdicts[name].append((rule, kind.value, position, verdict.value))
    return [Replayable(*row, findings=tuple(verdicts[row.id])) for row in rows]


def _whole(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> tuple[Decision, ...]:
    """Decisions with what belongs to them, in the order of their rows."""
    findings, differences = _of_decisions(tx, tables.findings, rows), _of_decisions(tx, tables.differences, rows)
    return tuple(
        Decision(
            **_without(row, "crossing") | {"cause": Cause(row["cause"])},
            findings=tuple(Finding(**each | {"missing": tuple(each["missing"])}) for each in findings[row["id"]]),
            differences=tuple(Difference(**each) for each in differences[row["id"]]),
        )
        for row in rows
    )


def _of_decisions(
    tx: Transaction, table: Table, decisions: Sequence[Mapping[str, Any]]
) -> defaultdict[str, list[dict[str, Any]]]:
    """Rows of a table by the decision they belong to, by subject and rule."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    order = (table.c[name] for name in ("subject_kind", "subject_position", "rule", "id"))
    crossings, identifiers = {each["crossing"] for each in decisions}, [each["id"] for each in decisions]
    of_them = table.c.crossing.in_(crossings) & table.c.decision.in_(identifiers)
    for row in _select(tx, table, of_them, *order):
        found[row["decision"]].append(_without(row, "crossing", "decision"))
    return found


def _select(
    tx: Transaction, table: Table, condition: ColumnElement[bool], *order: ColumnElement[Any]
) -> list[dict[str, Any]]:
    return [row._asdict() for row in tx.execute(select(table).where(condition).order_by(*order))]


def _without(row: Mapping[str, Any], *parents: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in parents}
