"""Statements that two keys name the same person or company: recorded, reversible, and never undone without a trace.

An officer's statement on a pair counts before an exact match of it.

An exact match is a new document of the same holder: same issuer, names, birth date, sex and nationality; issued after
the other was used last. Documents that were in use side by side may be those of two namesakes: that is for an officer.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import permutations
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Row, func, insert, or_, select, text, update

from app.errors import NotFound
from app.storage.engine import Transaction, alone_with
from app.storage.tables import crossing_subjects, same_subject
from app.storage.types import is_storable

_COLUMN = same_subject.c


class Ground(StrEnum):
    """On what a statement rests."""

    EXACT_MATCH = "exact_match"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Statement:
    """That two keys name the same subject, or that they do not; in force until it is ended."""

    id: str
    one: str
    other: str
    same: bool
    ground: Ground
    made_at: datetime
    made_by: str
    reason: str
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return self.one, self.other


class Use(NamedTuple):
    """How a document was used: the last day on record, the days of issue and the holders that were given for it."""

    key: str
    last: date
    issued: frozenset[date]
    holders: frozenset[str]

    @property
    def issued_on(self) -> date | None:
        """Its day of issue; None if none was given, or not always the same."""
        return min(self.issued) if len(self.issued) == 1 else None

    def merged(self, other: "Use | None") -> "Use":
        """Both uses of one document in one."""
        if other is None:
            return self
        return Use(self.key, max(self.last, other.last), self.issued | other.issued, self.holders | other.holders)


def pair(one: str, other: str) -> tuple[str, str]:
    """The two keys in the order in which statements keep them."""
    return (one, other) if one < other else (other, one)


def clusters(tx: Transaction, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """For each key all keys of the same subject, itself included."""
    pairs: set[tuple[str, str]] = set()
    seen: set[str] = set()
    new = set(keys)
    while new:
        seen |= new
        found = _same_pairs(_in_force(tx, new))
        pairs |= found
        new = {key for each in found for key in each} - seen
    linked = _linked(pairs)
    return {key: _reached(key, linked) for key in keys}


def all_keys(tx: Transaction, keys: Collection[str]) -> set[str]:
    """All keys of the subjects that these keys name, themselves included."""
    return {key for each in clusters(tx, keys).values() for key in each}


def alone(tx: Transaction, names: Collection[str], related: Callable[[], set[str]] = set) -> set[str]:
    """Keep other servers from all subjects that these keys or holders name until the transaction ends; their keys.

    `related` gives others that must be kept from too, as far as is known when it is called.
    """
    every = all_keys(tx, {*names, *related()})
    while True:
        kept = tx.begin_nested()
        alone_with(every, tx)
        # Somebody may have linked one of them to another subject while this one waited.
        now = all_keys(tx, every | related())
        if now <= every:
            kept.commit()
            return every
        # Given back, and taken in one order with the others: who holds some may be waited for by whom it waits for.
        kept.rollback()
        every |= now


def statements(tx: Transaction, keys: Collection[str], *, ended: bool = False) -> list[Statement]:
    """Statements on these keys that are in force, or all that ever were; the newest last."""
    query = select(same_subject).where(or_(_COLUMN.one.in_(keys), _COLUMN.other.in_(keys))).order_by(_COLUMN.id)
    if not ended:
        query = query.where(_COLUMN.ended_at.is_(None))
    return [_statement(row) for row in tx.execute(query)]


def get(tx: Transaction, identifier: str) -> Statement:
    """A statement, in force or ended; raises NotFound."""
    row = (
        tx.execute(select(same_subject).where(_COLUMN.id == identifier)).one_or_none()
        if is_storable(identifier)
        else None
    )
    if row is None:
        raise NotFound(f"There is no link {identifier}.")
    return _statement(row)


def _statement(row: Row[Any]) -> Statement:
    return Statement(**row._asdict() | {"ground": Ground(row.ground)})


# Straight from the driver, and one key at a time by index: every event asks this.
_IN_FORCE = """
SELECT s.one, s.other, s.same, s.ground FROM {keys} JOIN same_subject s ON s.one = k.value WHERE s.ended_at IS NULL
UNION SELECT s.one, s.other, s.same, s.ground FROM {keys} JOIN same_subject s ON s.other = k.value
WHERE s.ended_at IS NULL
"""
_OF_KEYS = {
    "sqlite": _IN_FORCE.format(keys="json_each(:keys) k"),
    "postgresql": _IN_FORCE.format(keys="jsonb_array_elements_text(CAST(%(keys)s AS jsonb)) AS k(value)"),
}


def _in_force(tx: Transaction, keys: Collection[str]) -> Sequence[Any]:
    """Both keys, whether they are the same, and the ground of each statement on any of these keys."""
    asked = {"keys": orjson.dumps(list(keys)).decode()}
    return tx.exec_driver_sql(_OF_KEYS[tx.dialect.name], asked).cursor.fetchall()


def _same_pairs(found: Sequence[Any]) -> set[tuple[str, str]]:
    by_officers = {(one, other): bool(same) for one, other, same, ground in found if ground == Ground.OFFICER}
    return {(one, other) for one, other, same, _ in found if by_officers.get((one, other), same)}


def _linked(pairs: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    """For each key those it is paired with."""
    linked: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        linked[one].add(other)
        linked[other].add(one)
    return linked


def _reached(key: str, linked: Mapping[str, set[str]]) -> frozenset[str]:
    reached, new = {key}, {key}
    while new:
        new = {other for each in new for other in linked.get(each, ())} - reached
        reached |= new
    return frozenset(reached)


def make(tx: Transaction, made: Iterable[Statement]) -> None:
    """Record statements; the caller ends those they replace."""
    rows = [{name: getattr(each, name) for name in each.__slots__} for each in made]
    if rows:
        tx.execute(insert(same_subject), rows)


def end(tx: Transaction, ended: Collection[Statement], now: datetime, actor: str, reason: str) -> None:
    """End statements; they stay on record."""
    values = {"ended_at": now, "ended_by": actor, "end_reason": reason}
    if ended:
        tx.execute(update(same_subject).where(_COLUMN.id.in_([each.id for each in ended])).values(values))


def with_several_keys(tx: Transaction, holders: Mapping[str, Collection[str]]) -> set[str]:
    """Which of these holders have more than one document, on record or beside the keys given for them."""
    if not holders:
        return set()
    found = tx.execute(_ENDS[tx.dialect.name], {"holders": orjson.dumps(list(holders)).decode()})
    return {holder for holder, *ends in found if len({*filter(None, ends), *holders[holder]}) > 1}


_END = (
    "(SELECT s.key FROM crossing_subjects s WHERE s.holder = h.value AND s.key IS NOT NULL ORDER BY s.key {} LIMIT 1)"
)
_SELECT_ENDS = f"SELECT h.value, {_END.format('ASC')}, {_END.format('DESC')} FROM "  # noqa: S608 (named here)
# First and last key of each: two look-ups in an index, however often the holder crossed.
_ENDS = {
    "sqlite": text(f"{_SELECT_ENDS} json_each(:holders) h"),
    "postgresql": text(f"{_SELECT_ENDS} jsonb_array_elements_text(CAST(:holders AS jsonb)) AS h(value)"),
}


def documents(tx: Transaction, holders: Collection[str], most: int) -> dict[str, list[str]]:
    """Keys of each holder's documents, at most so many of one."""
    asked = {"holders": orjson.dumps(list(holders)).decode(), "most": most}
    found = tx.exec_driver_sql(_DOCUMENTS[tx.dialect.name], asked).cursor.fetchall() if holders else ()
    return {holder: orjson.loads(keys) if keys else [] for holder, keys in found}


_KEYS = """SELECT h.value, (SELECT {collected} FROM (SELECT DISTINCT s.key FROM crossing_subjects s
WHERE s.holder = h.value AND s.key IS NOT NULL LIMIT {most}) d) FROM {holders}"""
_DOCUMENTS = {
    "sqlite": _KEYS.format(collected="json_group_array(d.key)", most=":most", holders="json_each(:holders) h"),
    "postgresql": _KEYS.format(
        collected="CAST(json_agg(d.key) AS text)",
        most="%(most)s",
        holders="jsonb_array_elements_text(CAST(%(holders)s AS jsonb)) AS h(value)",
    ),
}


def uses(tx: Transaction, holders: Collection[str], keys: Collection[str]) -> dict[str, Use]:
    """How documents of these holders, and of whoever else used one of them, were used; by key, these keys included."""
    column = crossing_subjects.c
    found: dict[str, Use] = {}
    known_holders, known_keys = set(holders), set(keys)
    while True:
        query = (
            select(
                column.key,
                column.holder,
                func.max(column.local_date),
                func.min(column.issued_on),
                func.max(column.issued_on),
            )
            .where(or_(column.holder.in_(known_holders), column.key.in_(known_keys)), column.key.is_not(None))
            .group_by(column.key, column.holder)
        )
        found = {}
        for key, holder, last, *issued in tx.execute(query):
            use = Use(key, last, frozenset(filter(None, issued)), frozenset(filter(None, [holder])))
            found[key] = use.merged(found.get(key))
        more = {holder for use in found.values() for holder in use.holders}
        if more <= known_holders and found.keys() <= known_keys:
            return found
        known_holders |= more
        known_keys |= found.keys()


def exact_matches(found: Iterable[Use]) -> Iterator[tuple[str, str]]:
    """Pairs of documents of one holder of which one followed the other; the same whatever the order of `found`.

    Where two documents were in use side by side, a later one that follows both joins neither: namesakes look like this.
    """
    pairs = set(_following(found))
    linked = _linked(pairs)
    for one, other in pairs:
        together = _reached(one, linked)
        if all(linked[each] | {each} == together for each in together):
            yield one, other


def _following(found: Iterable[Use]) -> Iterator[tuple[str, str]]:
    by_holder: defaultdict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in found:
        for holder in use.holders:
            by_holder[use.key.partition(":")[0], holder].append(use)
    for same in by_holder.values():
        for old, new in permutations(same, 2):
            if new.issued_on and max(old.last, *old.issued, date.min) < new.issued_on:
                yield pair(old.key, new.key)
