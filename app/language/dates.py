"""Calendar offsets: text to `Offset`, and its addition to a day or an instant."""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

from app.language.ir import Offset

_PART = re.compile(r"(\d{1,4}) (year|month|week|day|hour|minute)s?")
_MONTHS = {"year": 12, "month": 1}
_DURATIONS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
}


def parse_offset(text: str, sign: int) -> Offset | None:
    """`3 months` or `1 year 2 days` with a sign of +1 or -1; None if it is not of that form."""
    words = text.split(", ") if ", " in text else re.findall(r"\d+ [a-z]+", text)
    matched = [_PART.fullmatch(word) for word in words]
    if not words or not all(matched) or " ".join(words) != text.replace(", ", " "):
        return None
    months, duration = 0, timedelta()
    for match in filter(None, matched):
        count, unit = int(match[1]), match[2]
        months += count * _MONTHS.get(unit, 0)
        duration += count * _DURATIONS.get(unit, timedelta())
    return Offset(sign * months, sign * duration, f"{'+' if sign > 0 else '-'} {text}")


def moved(when: date, offset: Offset) -> date:
    """The day (or instant) moved by the offset.

    A month's end stays one: 31 January plus one month is the last day of February. What would leave the calendar
    stops at its first or last day, which keeps every comparison with a real day right.
    """
    try:
        return _by_months(when, offset.months) + offset.duration
    except (OverflowError, ValueError):
        forward = (offset.months, offset.duration) > (0, timedelta())
        edge = date.max if forward else date.min
        return datetime(edge.year, edge.month, edge.day, tzinfo=when.tzinfo) if isinstance(when, datetime) else edge


def _by_months(when: date, months: int) -> date:
    if not months:
        return when
    years, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    day = min(when.day, monthrange(years, month + 1)[1])
    return when.replace(year=years, month=month + 1, day=day)
