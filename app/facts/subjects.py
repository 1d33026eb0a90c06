"""Who a subject of a crossing is, so that the same one is found again in other crossings."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import orjson

from app.language.operators import MISSING
from app.language.truth import Truth, all_of, any_of
from app.vocabulary.codes import IdentifierScheme, PermitKind, StayBasis, SubjectKind, VisaKind
from app.vocabulary.identifiers import compact
from app.vocabulary.past import Leg
from app.vocabulary.values import Facts, Record
from app.vocabulary.wire import Organization, Person

_RESIDENCE: Final = frozenset({PermitKind.RESIDENCE_PERMIT.value, PermitKind.TEMPORARY_STAY_PERMIT.value})


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of a crossing: its kind and index on the wire, and a key that names it across crossings.

    `key` is issuer and number of the document, or scheme (a state's register, or LEI) and number of the first
    identifier; None if not known. `holder` tells persons of the same name, birth date, sex and nationality; None if any
    of these is not known. `issued_on` is the document's. `basis` is a StayBasis, "" where the papers leave it open.
    """

    kind: SubjectKind
    index: int
    role: str | None
    key: str | None
    country: str | None
    holder: str | None = None
    issued_on: date | None = None
    basis: str = ""

    def leg(self, facts: Facts, state: str, crossing: str = "") -> Leg:
        """The crossing as a leg of the subject's history."""
        at, day = facts["crossing.occurred_at"], facts["crossing.date"]
        direction, checkpoint = facts["crossing.direction"], facts["crossing.checkpoint"]
        return Leg(at, direction, checkpoint, self.basis, day, state, self.key or "", crossing)  # type: ignore[arg-type] # always known, of these types


def as_stored(key: str) -> str:
    """A key as somebody types it, in the form in which keys are kept."""
    register, found, number = key.partition(":")
    scheme = register.strip()
    in_order = scheme.lower() if scheme.lower() in set(IdentifierScheme) else scheme.upper()
    return f"{in_order}:{compact(number)}" if found else key


def person(person: Person, index: int, facts: Facts, territory: frozenset[str]) -> Subject:
    """A natural person with these facts, crossing the border of a territory."""
    issuer, number = facts.get("document.issuer"), facts.get("document.number")
    key = f"{issuer}:{compact(str(number))}" if issuer and number else None
    issued, day = facts.get("document.issued_on"), facts["crossing.date"]
    assert isinstance(day, date)  # noqa: S101 (narrows the type of what is always there)
    return Subject(
        SubjectKind.INDIVIDUAL,
        index,
        _text(facts.get("subject.role")),
        key,
        _text(facts.get("subject.nationality")),
        _holder(person, facts),
        issued if isinstance(issued, date) else None,
        _basis(facts, territory, day),
    )


def entity(entity: Organization, index: int, facts: Facts) -> Subject:
    """A legal entity with these facts."""
    first = next(iter(sorted((entity.identifiers or {}).items())), None)
    key = f"{first[0].value}:{compact(first[1])}" if first else None
    role, country = _text(facts.get("subject.role")), _text(facts.get("subject.country"))
    return Subject(SubjectKind.LEGAL_ENTITY, index, role, key, country)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _holder(person: Person, facts: Facts) -> str | None:
    """A digest, so that the names themselves stay where they came."""
    birth, nationality = facts.get("subject.birth_date"), facts.get("subject.nationality")
    if not (person.surname and person.sex and birth and nationality and "given_names" in person.model_fields_set):
        return None
    names = ["".join(filter(str.isalpha, name.upper())) for name in (person.surname, person.given_names or "")]
    told = orjson.dumps([*names, birth, person.sex.value, nationality])
    return hashlib.sha256(told).hexdigest()[:32]


def _basis(facts: Facts, territory: frozenset[str], day: date) -> str:
    """On what the person is in the territory; not known as long as filling in what was left out could change it."""
    permits = facts.get("permits", MISSING)
    residence = Truth.UNKNOWN
    if permits is not MISSING:
        residence = any_of(_residence(each, territory, day) for each in permits)  # type: ignore[union-attr, arg-type] # records
    if residence is not Truth.FALSE:
        return StayBasis.RESIDENCE_PERMIT.value if residence is Truth.TRUE else ""
    long_stay = _long_stay(facts, territory, day)
    if long_stay is not Truth.FALSE:
        return StayBasis.LONG_STAY_VISA.value if long_stay is Truth.TRUE else ""
    return StayBasis.SHORT_STAY.value


def _residence(permit: Record, territory: frozenset[str], day: date) -> Truth:
    return all_of((Truth.of(permit["permits.kind"] in _RESIDENCE), *_valid("permits", permit, territory, day)))


def _long_stay(facts: Facts, territory: frozenset[str], day: date) -> Truth:
    shown = facts.get("visa", MISSING)
    if shown is MISSING or shown is None:
        return Truth.UNKNOWN if shown is MISSING else Truth.FALSE
    kind = facts.get("visa.kind", MISSING)
    is_long = Truth.UNKNOWN if kind is MISSING else Truth.of(kind == VisaKind.LONG_STAY.value)
    return all_of((is_long, *_valid("visa", facts, territory, day)))


def _valid(prefix: str, facts: Facts | Record, territory: frozenset[str], day: date) -> Iterable[Truth]:
    issuer = facts.get(f"{prefix}.issuer", MISSING)
    yield Truth.UNKNOWN if issuer is MISSING else Truth.of(issuer in territory)
    for name, holds in (("valid_from", date.__le__), ("valid_until", date.__ge__)):
        end = facts.get(f"{prefix}.{name}", MISSING)
        # A paper without such a day is not bounded by it.
        yield Truth.UNKNOWN if end is MISSING else Truth.of(end is None or holds(end, day))  # type: ignore[arg-type] # a day, by the catalogue
