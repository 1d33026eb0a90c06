"""Units a number may carry in a rule, `40 t` or `3 days`, and their exact conversion to the field's unit.

Days and months are kept apart on purpose: no month has a fixed number of days. So are days and hours, since a day of
law is a calendar day.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

# Unit -> what it measures, and how many of that measure's smallest unit it is.
_UNITS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "g": ("mass", 1),
        "kg": ("mass", 1_000),
        "t": ("mass", 1_000_000),
        "days": ("days", 1),
        "weeks": ("days", 7),
        "months": ("calendar months", 1),
        "years": ("calendar months", 12),
        "minutes": ("hours", 1),
        "hours": ("hours", 60),
        "percent": ("share", 1),
    }
)
UNITS = tuple(_UNITS)
_QUANTITY = re.compile(r"([-+]?[0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")
_FINEST = 10**9


def unit_named(word: str) -> str | None:
    """The unit's one name (`days` for `day`); None for an unknown one."""
    return next((unit for unit in (word, f"{word}s") if unit in _UNITS), None)


def quantity(text: str) -> tuple[Decimal, str] | None:
    """Number and unit's word of `40 t`; None for a text of any other form."""
    match = _QUANTITY.fullmatch(text)
    return (Decimal(match[1]), match[2]) if match else None


def converted(number: Decimal, unit: str, to: str) -> Decimal | None:
    """The number in another unit; None if the two measure different things or no decimal number says it exactly."""
    (measure, size), (wanted, step) = _UNITS[unit], _UNITS[to]
    exact = Fraction(number) * size / step
    if measure != wanted or (exact * _FINEST).denominator != 1:
        return None
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def convertible(to: str | None) -> tuple[str, ...]:
    """Units that convert to this one."""
    return tuple(unit for unit, (measure, _) in _UNITS.items() if measure == _UNITS.get(to or "", ("", 0))[0])
