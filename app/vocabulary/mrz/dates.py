"""Dates with their century, which the zone does not print: told from the day of the crossing."""

from datetime import date

from app.vocabulary.mrz.fields import MrzFields

_CENTURY = 100
_HALF = 50


def birth_date_on(mrz: MrzFields, reference: date) -> date | None:
    """Return the latest birth date that is not after `reference`, within a hundred years before it.

    None where a part is unknown (`<<`) or no such day exists. The age of those past their hundredth birthday
    cannot be told from a machine readable zone: they come out a hundred years younger.
    """
    day = _date(mrz.birth_date, last_year=reference.year)
    return day if day and day <= reference else _date(mrz.birth_date, last_year=reference.year - 1)


def expiry_date_on(mrz: MrzFields, reference: date) -> date | None:
    """Return the expiry date, its year between 50 before and 49 after that of `reference`.

    None where a part is unknown (`<<`) or no such day exists.
    """
    return _date(mrz.expiry_date, last_year=reference.year + _HALF - 1)


def _date(printed: str, last_year: int) -> date | None:
    """Read YYMMDD in the latest year that is not after `last_year`."""
    if not printed.isdecimal():
        return None
    year = last_year - (last_year - int(printed[:2])) % _CENTURY
    try:
        return date(year, int(printed[2:4]), int(printed[4:]))
    except ValueError:
        return None
