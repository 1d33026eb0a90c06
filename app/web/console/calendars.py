"""Months as grids of days, each day with signs that are read without colour."""

from calendar import Calendar
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from babel.dates import format_skeleton, get_day_names

from app.web.console.languages import Language, marked

_WEEK: Final = Calendar()


class Sign(StrEnum):
    """What a day was or is; the order is that of the legend."""

    COUNTED = "counted"
    LEFT_OUT = "left_out"
    POSSIBLE = "possible"
    LAST_LAWFUL = "last_lawful"
    FIRST_OVER = "first_over"
    ASKED = "asked"


SIGNS: Final[Mapping[Sign, tuple[str, str]]] = {
    Sign.COUNTED: ("●", marked("present, counted")),
    Sign.LEFT_OUT: ("○", marked("present, not counted (residence permit or long-stay visa)")),
    Sign.POSSIBLE: ("?", marked("perhaps present: a crossing is not on record")),
    Sign.LAST_LAWFUL: ("⚑", marked("last lawful day")),
    Sign.FIRST_OVER: ("✗", marked("first day over a limit")),
    Sign.ASKED: ("◎", marked("day up to which is counted")),
}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month; the number is None for the places before its first and after its last one."""

    number: int | None
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month by weeks, which begin on Mondays."""

    name: str
    weeks: tuple[tuple[Day, ...], ...]


def months(first: date, last: date, signs: Mapping[date, Collection[Sign]], language: Language) -> Iterator[Month]:
    """The months from that of the first day to that of the last."""
    at = first.replace(day=1)
    while at <= last:
        weeks = tuple(
            tuple(
                Day(day.day, tuple(sorted(signs.get(day, ()), key=list(Sign).index)))
                if day.month == at.month
                else Day(None, ())
                for day in week
            )
            for week in _WEEK.monthdatescalendar(at.year, at.month)
        )
        yield Month(format_skeleton("yMMMM", at, locale=language.locale), weeks)
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)


def weekdays(language: Language) -> list[tuple[str, str]]:
    """Days of the week, each short and in full, from Monday on."""
    short, full = (get_day_names(width, "stand-alone", language.locale) for width in ("short", "wide"))
    return [(short[day], full[day]) for day in range(7)]
