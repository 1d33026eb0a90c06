"""Limits on days of presence: how many are used, how many remain, until when one may stay, where it was exceeded.

All rests on one property: while a person stays, the days that count against a limit never fall, but for a calendar
year at New Year and for an entry at the next one. So in each such part the days over the limit are its last ones.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from app.errors import Invalid
from app.facts.stays import Presence, Span, Stay, merged

_LAST_DAY = date.max.toordinal()
_LONGEST_YEAR = 366


def _require(limit: int, below: int) -> None:
    if not 0 <= limit < below:
        raise Invalid(f"A limit of {limit} days makes no sense here: it must be from 0 to {below - 1}.")


@dataclass(frozen=True, slots=True)
class Rolling:
    """At most `limit` days in any `window` days: the day asked about and the window - 1 days before it.

    As all limits, raises Invalid for one that cannot be kept (below 0) or cannot be exceeded. 0 forbids any day.
    """

    limit: int
    window: int

    def __post_init__(self) -> None:
        if self.window > _LAST_DAY:
            raise Invalid(f"A window of {self.window} days is longer than the calendar.")
        _require(self.limit, self.window)

    def __str__(self) -> str:
        return f"rolling {self.limit}/{self.window}"


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """At most `limit` days from 1 January to 31 December; a stay that goes over New Year begins a new count."""

    limit: int

    def __post_init__(self) -> None:
        _require(self.limit, _LONGEST_YEAR)

    def __str__(self) -> str:
        return f"calendar-year {self.limit}"


@dataclass(frozen=True, slots=True)
class Continuous:
    """At most `limit` days in an unbroken run."""

    limit: int

    def __post_init__(self) -> None:
        _require(self.limit, _LAST_DAY)

    def __str__(self) -> str:
        return f"continuous {self.limit}"


@dataclass(frozen=True, slots=True)
class PerEntry:
    """At most `limit` days from each entry, whose day is the first.

    Coming back on the day of exit is a new entry. Records that overlap by more than that day contradict each other:
    they are one stay from the first of the entries, lest an entry noted twice hide an overstay.
    """

    limit: int

    def __post_init__(self) -> None:
        _require(self.limit, _LAST_DAY)

    def __str__(self) -> str:
        return f"per-entry {self.limit}"


Limit: TypeAlias = Rolling | CalendarYear | Continuous | PerEntry


@dataclass(frozen=True, slots=True)
class Assessment:
    """Where a person stands with a limit on a day; days are counted ones, and none after that day is looked at.

    `days_remaining`: further days in a row that may be spent, if each counts: from the day itself if absent then (a
    planned entry), else from the day after; 0 if the limit is exceeded on the day. `last_lawful_day`: the last of
    them. Where none remains it is the day itself if the person is there, the day by which one had to leave if the
    limit is exceeded, None if absent. Both are None if the calendar (year 9999) ends first.
    `overstay_days` and `first_violation_day`: the days up to the day on which the limit was exceeded.
    """

    days_used: int
    days_remaining: int | None
    last_lawful_day: date | None
    overstay_days: int
    first_violation_day: date | None


def assess(limit: Limit, stays: Iterable[Stay], on: date) -> Assessment:
    """As `judge`, from stays in any order."""
    return judge(limit, Presence.of(stays, on))


def judge(limit: Limit, presence: Presence, since: date = date.min) -> Assessment:
    """Where the person stands on the last day of the presence; of an overstay, only days since `since` are told."""
    on = presence.until
    used = presence.between(counted_from(limit, presence), on)
    exceeded = over(limit, presence)
    told = [(max(first, since.toordinal()), last) for first, last in exceeded if last >= since.toordinal()]
    overstay = sum(last - first + 1 for first, last in told)
    remaining: int | None
    last_lawful: int | None
    if used > limit.limit and presence.run_of(on):
        remaining, last_lawful = 0, max(exceeded[-1][0], since.toordinal()) - 1
    else:
        here = presence.here()
        remaining = _remaining(limit, presence, on + here)
        last_lawful = on + here + remaining - 1 if remaining is not None and (remaining or here) else None
    return Assessment(used, remaining, as_day(last_lawful), overstay, as_day(told[0][0] if told else None))


def counted_from(limit: Limit, presence: Presence) -> int:
    """Ordinal of the day from which days are counted on the last day; the day after it if none is."""
    on = presence.until
    match limit:
        case Rolling():
            return on - limit.window + 1
        case CalendarYear():
            return _new_year(date.fromordinal(on).year)
        case Continuous():
            return on - presence.run_of(on) + 1
        case PerEntry():
            entries = _entries(presence)
            return entries[-1][0] if entries and entries[-1][1] == on else on + 1


def over(limit: Limit, presence: Presence) -> list[Span]:
    """The unbroken spans of days on which the limit was exceeded, in order."""
    return merged(_over_rolling(limit, presence) if isinstance(limit, Rolling) else _over_parts(limit, presence))


def as_day(ordinal: int | None) -> date | None:
    """The day, None if there is none or it is not in the calendar."""
    return date.fromordinal(ordinal) if ordinal is not None and 1 <= ordinal <= _LAST_DAY else None


def _remaining(limit: Limit, presence: Presence, start: int) -> int | None:
    """How many days in a row from `start` keep the limit; None if the calendar ends before they do."""
    match limit:
        case Rolling(most, window):

            def used(day: int) -> int:
                return day - start + 1 + presence.between(day - window + 1, start - 1)

            left = bisect_right(range(start, start + most), most, key=used)
        case CalendarYear(most):
            return _remaining_by_year(most, presence, start)
        case Continuous(most):
            left = most - presence.run_of(start - 1)
        case PerEntry(most):
            left = most - presence.between(counted_from(limit, presence), presence.until)
    left = max(left, 0)
    return left if start + left <= _LAST_DAY else None


def _remaining_by_year(most: int, presence: Presence, start: int) -> int | None:
    first = start
    while first <= _LAST_DAY:
        year = date.fromordinal(first).year
        left = max(most - presence.between(_new_year(year), presence.until), 0)
        following = _new_year(year + 1)
        if first + left < following:
            return first + left - start
        first = following
    return None


def _over_rolling(limit: Rolling, presence: Presence) -> Iterator[Span]:
    def used(day: int) -> int:
        return presence.between(day - limit.window + 1, day)

    for first, last in presence.runs:
        if used(last) > limit.limit:
            yield first + bisect_right(range(first, last + 1), limit.limit, key=used), last


def _over_parts(limit: CalendarYear | Continuous | PerEntry, presence: Presence) -> Iterator[Span]:
    for since, first, last in _parts(limit, presence):
        exceeded = first + max(limit.limit + 1 - presence.between(since, first), 0)
        if exceeded <= last:
            yield exceeded, last


def _parts(limit: CalendarYear | Continuous | PerEntry, presence: Presence) -> Iterator[tuple[int, int, int]]:
    """Parts of the runs that share one count: the day it begins with, first and last day of the part."""
    match limit:
        case Continuous():
            yield from ((first, first, last) for first, last in presence.runs)
        case CalendarYear():
            for first, last in presence.runs:
                for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1):
                    since = _new_year(year)
                    yield since, max(first, since), min(last, _new_year(year + 1) - 1)
        case PerEntry():
            for entry, end in _entries(presence):
                yield from ((entry, first, last) for first, last in presence.within(entry, end))


def _entries(presence: Presence) -> list[Span]:
    # One night in common makes two records one stay; the day of an exit and a new entry does not.
    return merged(presence.stays, reach=-1)


def _new_year(year: int) -> int:
    return date(year, 1, 1).toordinal() if year <= date.max.year else _LAST_DAY + 1
