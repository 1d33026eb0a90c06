"""What a document's machine readable zone adds to an event: facts left out, and whether the two agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.vocabulary import mrz as zones
from app.vocabulary.countries import STATE_CODES, normalise
from app.vocabulary.mrz.layout import VISA_FORMATS
from app.vocabulary.values import Value
from app.vocabulary.wire import Person

# Doc 9303-3 has no letters for what lies outside the Latin alphabet; national tables differ, so only names given in
# plain Latin letters are compared.
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
# A zone prints no century: an expiry further back than this is more likely one far ahead, so it is not filled in.
_OLDEST_EXPIRY = timedelta(days=20 * 365)
# Only codes that mean one thing wherever they are printed: states use the second letter as they like (PN is a Russian
# internal passport, PR a refugee's, IR a residence permit), and whom a rule on passports asks hangs on it.
_KINDS = {
    "P": "passport",
    "PP": "passport",
    "PD": "diplomatic_passport",
    "I": "identity_card",
    "ID": "identity_card",
}

# Codes a sender may give for a passport that prints another: Hong Kong and Macao print China, and so on.
_PRINTED = {"HKG": "CHN", "MAC": "CHN", "XXK": "RKS"} | dict.fromkeys(("GBD", "GBN", "GBO", "GBP", "GBS"), "GBR")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off the zone: facts by path, for members the event left out, and the two verdicts on it."""

    filled: Mapping[str, Value]
    valid: bool
    agrees: bool


def read(person: Person, day: date) -> Reading | None:
    """Read the person's machine readable zone; None if there is none, or its lines have no shape of Doc 9303.

    Lines that cannot be read are no failed check digit: they leave the facts unknown, as does the zone of a visa, which
    says nothing of the document.
    """
    document = person.document
    if document is None or not document.mrz:
        return None
    try:
        zone = zones.parse(document.mrz)
    except zones.MrzError:
        return None
    if zone.format in VISA_FORMATS:
        return None
    return Reading(_filled(zone, day), zone.valid, all(_agreements(zone, person)))


def _filled(zone: zones.Mrz, day: date) -> dict[str, Value]:
    """Facts the zone gives; what a failed check digit covers is not taken from it."""
    birth, expiry = zones.birth_date_on(zone, day), zones.expiry_date_on(zone, day)
    candidates: dict[str, tuple[str | None, Value]] = {
        "document.number": ("document_number", zone.document_number or None),
        "document.expires_on": ("expiry_date", expiry if expiry and expiry > day - _OLDEST_EXPIRY else None),
        "document.issuer": (None, _state(zone.issuer)),
        "document.kind": (None, _kind(zone)),
        "subject.nationality": (None, _state(zone.nationality)),
        "subject.birth_date": ("birth_date", birth),
    }
    return {
        path: value
        for path, (check, value) in candidates.items()
        if value is not None and (check is None or zone.checks[check])
    }


def _kind(zone: zones.Mrz) -> str | None:
    # Chinese ordinary passports (Ministry of Foreign Affairs); elsewhere PO is an official's.
    if (zone.document_code, zone.issuer) == ("PO", "CHN"):
        return "passport"
    return _KINDS.get(zone.document_code)


def _state(printed: str) -> str | None:
    code = normalise(printed)
    return code if code in STATE_CODES else None


def _agreements(zone: zones.Mrz, person: Person) -> list[bool]:
    document = person.document
    given: list[tuple[object, object, Callable[[object, object], bool]]] = [
        (person.nationality, zone.nationality, _same_state),
        (person.birth_date, zone.birth_date, _same_day),
        (person.surname, zone.surname, _same_name),
        (person.given_names, zone.given_names, _same_name),
    ]
    if document:
        given += [
            (document.number, zone.document_number, _same_number),
            (document.issuer, zone.issuer, _same_state),
            (document.expires_on, zone.expiry_date, _same_day),
        ]
    if person.sex and zone.sex:
        given.append((person.sex.value, zone.sex, _same))
    return [same(value, printed) for value, printed, same in given if value is not None]


def _same(given: object, printed: object) -> bool:
    return given == printed


def _same_state(given: object, printed: object) -> bool:
    one, other = str(given), normalise(str(printed))
    return _PRINTED.get(one, one) == _PRINTED.get(other, other)


def _same_day(given: object, printed: object) -> bool:
    """Compare what is printed; parts the zone leaves open (`<<`) agree with anything."""
    text = f"{given:%y%m%d}"
    return all(there in {"<", here} for here, there in zip(text, str(printed), strict=False))


def _same_number(given: object, printed: object) -> bool:
    return _only(str(given), _LETTERS | frozenset("0123456789")) == _only(
        str(printed), _LETTERS | frozenset("0123456789")
    )


def _same_name(given: object, printed: object) -> bool:
    """A long name is cut off in the zone, so one must begin with the other."""
    mine, theirs = str(given).upper(), _only(str(printed), _LETTERS)
    plain = _only(mine, _LETTERS)
    if not mine.isascii() or not theirs:
        return True
    return plain.startswith(theirs) or theirs.startswith(plain)


def _only(text: str, allowed: frozenset[str]) -> str:
    return "".join(letter for letter in text.upper() if letter in allowed)
