"""Finding persons, companies, crossings and violations by whatever an officer has in hand, within a remit.

A name is found in two steps: words on record that sound nearly like those asked for, then whoever bears the best of
them. So what is read is bounded before anybody is looked up, however many there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, Float, SmallInteger, String, cast, column, func, select, values

from app.identity.remit import Remit
from app.storage.engine import Transaction
from app.storage.tables import crossing_bodies, crossing_subjects, crossings, search_terms, spellings, violations
from app.storage.types import is_storable
from app.violations import records
from app.violations.records import Violation
from app.vocabulary.codes import Direction, Sought, SubjectKind
from app.vocabulary.spelling import company_words, neighbours, number, sound, words

MOST: Final = 20
"""Of each group."""
_MOST_OF_ONE: Final = 5
_MOST_WORDS: Final = 6
_MOST_SPELLINGS: Final = 30
_LEAST_LIKE: Final = 0.55
_LEAST_FIT: Final = 0.5
# So much of how two words are alike is how they sound, the rest how they are written.
_OF_SOUND: Final = 0.7
_SHORTEST: Final = 3
_T = search_terms.c
_S = crossing_subjects.c
_NAMES: Final = (Sought.NAME, Sought.COMPANY)
_PAPERS: Final = (Sought.DOCUMENT, Sought.IDENTIFIER)
_OF_ALL: Final = (Sought.PLATE, Sought.EVENT)
_COMPANIES: Final = frozenset({Sought.COMPANY, Sought.IDENTIFIER})
_Wanted: TypeAlias = tuple[int, str, float]
"""A place in what was asked for, a term that stands for it, and how much it adds to the fit."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subject in a crossing; position 0 of what concerns the whole crossing."""

    crossing: str
    position: int


@dataclass(frozen=True, slots=True)
class Hit:
    """Whom or what a search found, by what, and how well it fits, from 0 to 1; `place` is the newest of several."""

    by: Sought
    fit: float
    key: str | None
    place: Place

    @property
    def kind(self) -> SubjectKind:
        return SubjectKind.LEGAL_ENTITY if self.by in _COMPANIES else SubjectKind.INDIVIDUAL


@dataclass(frozen=True, slots=True)
class FoundSubject:
    """A person or company, with its name in the newest crossing it was found in; `key` is None if not known."""

    key: str | None
    kind: SubjectKind
    name: str
    by: Sought
    fit: float
    crossing: str


@dataclass(frozen=True, slots=True)
class FoundCrossing:
    """A crossing, with the names its sender gave it."""

    id: str
    event_id: str
    source: str
    checkpoint: str
    occurred_at: datetime
    direction: Direction
    plate: str | None
    by: Sought
    fit: float


@dataclass(frozen=True, slots=True)
class FoundViolation:
    """A violation that was asked for, or one of a subject or a crossing that was found."""

    violation: Violation
    by: Sought
    fit: float


@dataclass(frozen=True, slots=True)
class Found:
    """At most MOST of each, the best first."""

    subjects: tuple[FoundSubject, ...] = ()
    crossings: tuple[FoundCrossing, ...] = ()
    violations: tuple[FoundViolation, ...] = ()


def find(tx: Transaction, text: str, remit: Remit, key: str | None = None) -> Found:
    """What fits a text; `key` is that of a subject, if the text has the form of one."""
    if not is_storable(text):
        return Found()
    numbers = [(0, each, 1.0) for each in _numbers(text)]
    # By a number it is certain, so that comes before names.
    subjects = _once(
        [
            *(_of_key(tx, key, remit) if key else ()),
            *_hits(tx, numbers, _PAPERS, remit),
            *_hits(tx, _spelt(tx, words(text)), _NAMES[:1], remit),
            *_hits(tx, _spelt(tx, company_words(text)), _NAMES[1:], remit),
        ]
    )
    found = [*_named(tx, text, remit), *_hits(tx, numbers, _OF_ALL, remit)][:MOST]
    told = _read(tx, {each.place.crossing for each in (*subjects, *found)})
    return Found(
        tuple(_subject(each, told[each.place.crossing]) for each in subjects),
        tuple(_crossing(each, told[each.place.crossing]) for each in found),
        tuple(_violations(tx, text, subjects, found, remit))[:MOST],
    )


def _numbers(text: str) -> set[str]:
    """The whole as a number, and each part of it that has a digit."""
    parts = [text, *(part for part in text.split() if any(map(str.isdecimal, part)))]
    return {found for part in parts if len(found := number(part)) >= _SHORTEST}


def _spelt(tx: Transaction, asked: Sequence[str]) -> list[_Wanted]:
    """Words on record that are nearly like those asked for; a long word adds more to the fit than a short one."""
    asked = asked[:_MOST_WORDS]
    letters = sum(map(len, asked))
    return [
        (place, word, alike * len(each) / letters)
        for place, each in enumerate(asked)
        for word, alike in _like(each, _near(tx, each))
    ]


def _near(tx: Transaction, word: str) -> Iterable[str]:
    query = select(spellings.c.word).where(spellings.c.neighbour.in_(neighbours(word))).distinct()
    return tx.execute(query).scalars()


def _like(word: str, among: Iterable[str]) -> Iterator[tuple[str, float]]:
    found = ((alike, each) for each in among if (alike := _alike(word, each)) >= _LEAST_LIKE)
    return ((each, alike) for alike, each in nlargest(_MOST_SPELLINGS, found))


def _alike(one: str, other: str) -> float:
    heard = OSA.normalized_similarity(sound(one), sound(other))
    return _OF_SOUND * heard + (1 - _OF_SOUND) * OSA.normalized_similarity(one, other)


def _hits(tx: Transaction, wanted: Sequence[_Wanted], what: Sequence[Sought], remit: Remit) -> list[Hit]:
    """Whom the terms name, the best first, then the newest; each of the places asked for counts once."""
    if not wanted:
        return []
    columns = (column("asked", SmallInteger), column("term", String(64)), column("adds", Float))
    terms = values(*columns).data(list(wanted)).cte("wanted")
    whose = func.coalesce(_T.subject_key, _place())
    each = (
        select(_T.what, whose.label("whose"), _T.subject_key, func.max(terms.c.adds).label("adds"))
        .add_columns(func.max(_place()).label("place"))
        .select_from(terms)
        .join(search_terms, _T.term == terms.c.term)
        .where(_T.what.in_(what), remit.condition(_T.jurisdiction, _T.checkpoint))
        .group_by(_T.what, whose, _T.subject_key, terms.c.asked)
        .subquery()
    )
    fit, place = func.sum(each.c.adds), func.max(each.c.place)
    query = (
        select(each.c.what, fit.label("fit"), each.c.subject_key, place.label("place"))
        .group_by(each.c.what, each.c.whose, each.c.subject_key)
        .having(fit >= _LEAST_FIT)
        .order_by(fit.desc(), place.desc())
        .limit(MOST)
    )
    return [Hit(row.what, min(row.fit, 1.0), row.subject_key, _placed(row.place)) for row in tx.execute(query)]


def _place() -> ColumnElement[str]:
    """Crossing and position in one, so that the newest crossing is the greatest."""
    return _T.crossing + "/" + cast(_T.position, String)


def _placed(text: str) -> Place:
    crossing, _, position = text.partition("/")
    return Place(crossing, int(position))


def _of_key(tx: Transaction, key: str, remit: Remit) -> Iterator[Hit]:
    """A subject by its key, whether or not anything was found of it."""
    query = (
        select(_S.kind, _S.crossing, _S.position)
        .where(_S.key == key, remit.condition(_S.state, _S.checkpoint))
        .order_by(_S.occurred_at.desc(), _S.crossing.desc())
        .limit(1)
    )
    for kind, crossing, position in tx.execute(query):
        by = Sought.IDENTIFIER if kind is SubjectKind.LEGAL_ENTITY else Sought.DOCUMENT
        yield Hit(by, 1.0, key, Place(crossing, position))


def _once(hits: Iterable[Hit]) -> list[Hit]:
    """Each subject by what it fits best."""
    found: dict[object, Hit] = {}
    for hit in hits:
        name = hit.key or (hit.kind, hit.place)
        if name not in found or found[name].fit < hit.fit:
            found[name] = hit
    return sorted(found.values(), key=lambda hit: -hit.fit)[:MOST]


def _named(tx: Transaction, text: str, remit: Remit) -> Iterator[Hit]:
    """A crossing by the identifier it has here."""
    if (identifier := _identifier(text)) is not None:
        within = remit.condition(crossings.c.jurisdiction, crossings.c.checkpoint)
        for found in tx.execute(select(crossings.c.id).where(crossings.c.id == identifier, within)).scalars():
            yield Hit(Sought.CROSSING, 1.0, None, Place(found, 0))


def _identifier(text: str) -> str | None:
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return None


def _read(tx: Transaction, identifiers: Iterable[str]) -> Mapping[str, Any]:
    """These crossings, each with its event."""
    wanted, body = list(identifiers), crossing_bodies.c
    query = select(crossings, body.body).join(crossing_bodies, body.crossing == crossings.c.id)
    rows = tx.execute(query.where(crossings.c.id.in_(wanted), body.crossing.in_(wanted)))
    return {row.id: row._asdict() | {"event": orjson.loads(row.body)} for row in rows}


def _subject(hit: Hit, crossing: Mapping[str, Any]) -> FoundSubject:
    if hit.kind is SubjectKind.LEGAL_ENTITY:
        name = crossing["event"]["organizations"][hit.place.position].get("name")
    else:
        person = crossing["event"]["persons"][hit.place.position]
        name = " ".join(filter(None, (person.get("surname"), person.get("given_names"))))
    return FoundSubject(hit.key, hit.kind, name or "", hit.by, hit.fit, hit.place.crossing)


def _crossing(hit: Hit, crossing: Mapping[str, Any]) -> FoundCrossing:
    names = ("id", "event_id", "source", "checkpoint", "occurred_at", "direction")
    plate = (crossing["event"].get("vehicle") or {}).get("plate")
    return FoundCrossing(**{name: crossing[name] for name in names}, plate=plate, by=hit.by, fit=hit.fit)


def _violations(
    tx: Transaction, text: str, subjects: Sequence[Hit], found: Sequence[Hit], remit: Remit
) -> Iterator[FoundViolation]:
    """By its own name or the number of its record; then the newest of each subject and crossing that was found."""
    column = violations.c
    asked: list[tuple[ColumnElement[bool], Sought, float]] = [
        (column.protocol.in_({text.strip(), text.strip().upper()}), Sought.PROTOCOL, 1.0)
    ]
    if (identifier := _identifier(text)) is not None:
        asked.append((column.id == identifier, Sought.VIOLATION, 1.0))
    whole = [(column.crossing == hit.place.crossing, hit.by, hit.fit) for hit in found]
    for hit in subjects:
        of_it = (column.crossing == hit.place.crossing) & (column.subject_kind == hit.kind)
        of_it &= column.subject_position == hit.place.position
        asked.append((column.subject_key == hit.key if hit.key else of_it, hit.by, hit.fit))
    seen: set[str] = set()
    for condition, by, fit in [*asked, *whole]:
        if len(seen) >= MOST:
            return
        for violation in records.newest(tx, condition, remit, _MOST_OF_ONE):
            if violation.id not in seen:
                seen.add(violation.id)
                yield FoundViolation(violation, by, fit)
