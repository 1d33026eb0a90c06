"""Plain scalars as in YAML 1.2's core schema (`NO` is text), with dates and instants added.

Numbers are exact, and bounded, so that none can be made that is costly to compute with.
"""

import re
from datetime import date, datetime
from decimal import Decimal

from app.vocabulary.values import Scalar as Value

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_OTHER_BASE = re.compile(r"0(?:o[0-7]{1,18}|x[0-9a-fA-F]{1,15})")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18}|[0-9]{1,18}(?=[eE]))(?:[eE][-+]?[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+ ?(?:[Zz]|[-+][0-9:]{2,5})?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def resolved(text: str) -> Value | None:
    if text in _WORDS:
        return _WORDS[text]
    if not (text[0].isdecimal() or text[0] in "-+."):
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _DECIMAL.fullmatch(text):
        return whole(Decimal(text))
    return as_time(text) or text


def whole(number: Decimal) -> int | Decimal:
    """The same number, as an integer where it is one."""
    return int(number) if number == number.to_integral_value() else number


def as_time(text: str) -> date | None:
    """A day or an instant in ISO 8601; None for any other text and for an impossible date."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text.upper().replace(" +", "+")) if _INSTANT.fullmatch(text) else None
    except ValueError:
        return None


def looks_like_time(text: str) -> bool:
    """Whether a text has the form of a day or an instant, possible or not."""
    return bool(_DATE.fullmatch(text) or _INSTANT.fullmatch(text))
