"""Inclusive periods set against each other: overlaps, gaps, coverage."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from app.language.ir import Period

_DAY = timedelta(days=1)


def first_of(period: Period) -> date:
    """Its first day; the calendar's for an open one."""
    return period.first or date.min


def last_of(period: Period) -> date:
    """Its last day; the calendar's for an open one."""
    return period.last or date.max


def in_words(period: Period) -> str:
    """`2025-01-01 to 2025-12-31`, with an open end in words."""
    return f"{period.first or 'the beginning'} to {period.last or 'further notice'}"


def overlaps(periods: Iterable[Period]) -> Iterator[tuple[Period, Period]]:
    """Neighbours, by first day, that share a day."""
    for one, next_ in pairwise(sorted(periods, key=first_of)):
        if first_of(next_) <= last_of(one):
            yield one, next_


def gaps(periods: Iterable[Period]) -> Iterator[Period]:
    """Days between the first and the last period that lie in none."""
    covered: date | None = None
    for each in sorted(periods, key=first_of):
        if covered is not None and covered != date.max and first_of(each) > covered + _DAY:
            yield Period(covered + _DAY, first_of(each) - _DAY)
        covered = max(last_of(each), covered or date.min)


def uncovered(period: Period, by: Iterable[Period]) -> date | None:
    """The first day of the period that lies in none of the others; None if there is no such day."""
    wanted = first_of(period)
    for each in sorted(by, key=first_of):
        if first_of(each) <= wanted <= last_of(each):
            if last_of(each) >= last_of(period):
                return None
            wanted = last_of(each) + _DAY
    return wanted
