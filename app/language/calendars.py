"""Days and hours as data: working days of a state, opening hours of a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from app.language.ir import Period, Position, Texts

A_DAY = 24 * 60  # minutes by the wall clock
_DAY = timedelta(days=1)


class Weekday(StrEnum):
    """Days of the week in the order of `date.weekday`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEK = tuple(Weekday)


@dataclass(frozen=True)
class Calendar:
    """Working days of a state. `covers` has both ends; outside it nothing is known.

    `working` are days of the weekend made working days by an official transfer.
    """

    state: str
    weekend: frozenset[Weekday]
    covers: Period
    holidays: Mapping[date, Texts]
    working: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether a covered day is a working day."""
        return day in self.working or not (day in self.holidays or WEEK[day.weekday()] in self.weekend)

    def working_days(self, first: date, last: date) -> int | None:
        """Working days after `first` up to and including `last`; None if a day of that span is not covered."""
        if last <= first:
            return 0
        if first + _DAY not in self.covers or last not in self.covers:
            return None
        return self._counts[self._index(last)] - self._counts[self._index(first)]

    @cached_property
    def _counts(self) -> tuple[int, ...]:
        """Working days of the cover before its first day (none), up to that day, to the second, …."""
        start, days = self._first, (self.covers.last or self._first) - self._first
        covered = (start + number * _DAY for number in range(days.days + 1))
        return tuple(accumulate(map(self.is_working, covered), initial=0))

    @property
    def _first(self) -> date:
        return self.covers.first or date.min

    def _index(self, day: date) -> int:
        return (day - self._first).days + 1


MonthDay: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Season:
    """Days of every year, both ends included; one that begins after it ends runs over the new year."""

    first: MonthDay
    last: MonthDay

    def __contains__(self, day: date) -> bool:
        """Whether the day lies in the season."""
        here = day.month, day.day
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes from midnight by the wall clock, the end not included; those after `A_DAY` are of the next day."""

    start: int
    end: int

    def __contains__(self, minute: int) -> bool:
        """Whether they hold in that minute."""
        return self.start <= minute < self.end


@dataclass(frozen=True, slots=True)
class OpenDays:
    """Hours of some days; without hours it is closed on them."""

    period: Period
    season: Season | None
    days: frozenset[Weekday]
    hours: tuple[Hours, ...]
    source: str
    note: str = ""

    def __contains__(self, day: date) -> bool:
        """Whether it speaks of that day."""
        return day in self.period and WEEK[day.weekday()] in self.days and (self.season is None or day in self.season)

    def open_in(self, minute: int) -> bool:
        """Whether it is open in that minute from the day's midnight."""
        return any(minute in hours for hours in self.hours)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a checkpoint is open. Of the entries that speak of a day, the last one written decides it alone."""

    checkpoint: str
    entries: tuple[OpenDays, ...]
    at: Position = field(compare=False, repr=False)

    def open_at(self, instant: datetime, zone: tzinfo) -> bool | None:
        """Whether it is open, by the wall clock of its zone; None where the hours of that day are not known.

        Hours past midnight belong to the day on which they begin, and run on unless the next day is closed.
        """
        local = instant.astimezone(zone)
        minute = 60 * local.hour + local.minute
        today, before = self._on(local.date()), self._on(local.date() - _DAY)
        if today and not today.hours:
            return False
        if before and before.open_in(minute + A_DAY):
            return True
        return today.open_in(minute) if today else None

    def _on(self, day: date) -> OpenDays | None:
        return next((each for each in reversed(self.entries) if day in each), None)
