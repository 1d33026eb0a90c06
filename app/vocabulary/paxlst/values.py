"""Dates, codes and flight numbers of a passenger list; what cannot be read is None."""

import re
from datetime import date, datetime, time

from app.vocabulary.countries import STATE_CODES, normalise
from app.vocabulary.voyages import flight

_CENTURY = 100
_WINDOW = 20
_LAST_YEAR = 2099
# Lengths of dates and times by their format (code list 2379); many senders name none.
_LENGTHS = {"101": 6, "102": 8, "201": 10, "203": 12}
_DIGITS = re.compile(r"[0-9]{6,12}")
_PLACE = re.compile(r"[A-Z0-9]{3,5}")
_NUMBER = re.compile(r"0*([0-9]{1,4}[A-Z]?)")
_SEXES = {"F": "F", "M": "M", "U": "X", "X": "X"}


def state(code: str) -> str | None:
    normal = normalise(code)
    return normal if normal in STATE_CODES else None


def place(code: str) -> str | None:
    return code if _PLACE.fullmatch(code) else None


def sex(code: str) -> str | None:
    return _SEXES.get(code)


def birth(text: str, form: str, reference: date | None) -> date | None:
    """Read a date not after `reference`; without a century, the latest such, which needs a reference."""
    for years in (0, 1):
        day = _day(_digits(text, form), reference.year - years if reference else None)
        if day and (reference is None or day <= reference):
            return day
    return None


def expiry(text: str, form: str, reference: date | None) -> date | None:
    """Read a date; without a century, it is none unless one of them puts it within 20 years of `reference`."""
    digits = _digits(text, form)
    day = _day(digits, reference.year + _WINDOW if reference else None)
    if day and reference and len(digits) == _LENGTHS["101"] and day.year < reference.year - _WINDOW:
        return None
    return day


def moment(text: str, form: str = "") -> datetime | None:
    """Read a date and time by a clock whose zone is not told; without a century, in this one, as are all such lists."""
    digits = _digits(text, form)
    day = _day(digits[:-4], _LAST_YEAR)
    try:
        clock = time(int(digits[-4:-2]), int(digits[-2:]))
    except ValueError:
        return None
    return datetime.combine(day, clock) if day else None


def voyage(written: str, carrier: str) -> tuple[str | None, str | None]:
    """Return carrier and flight number with its carrier and without leading zeros (`UA`, `UA989`).

    A number of another form, such as a ship's voyage, stays as it is but for spaces and hyphens.
    """
    own, compact = flight(written)
    if carrier and (number := _NUMBER.fullmatch(compact.removeprefix(carrier))):
        return carrier, carrier + number[1]
    return carrier or own, compact or None


def _digits(text: str, form: str) -> str:
    """The digits of a date, none if they are not as many as its format says."""
    fits = _DIGITS.fullmatch(text) and _LENGTHS.get(form, len(text)) == len(text)
    return text if fits else ""


def _day(digits: str, last_year: int | None) -> date | None:
    """Read CCYYMMDD, or YYMMDD in the latest year that is not after `last_year`; None if that is not known."""
    if len(digits) == _LENGTHS["101"] and last_year is not None:
        year = last_year - (last_year - int(digits[:2])) % _CENTURY
    elif len(digits) == _LENGTHS["102"]:
        year = int(digits[:4])
    else:
        return None
    try:
        return date(year, int(digits[-4:-2]), int(digits[-2:]))
    except ValueError:
        return None
