"""Measures of the rulebook for one crossing: a number, none, or the reason why it cannot be known.

A stay whose entry, exit or basis is not on record lasted at least and at most so long. A count is known where both
bounds agree on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from app.facts.history import Here, Sojourn
from app.facts.reference_data import Checkpoint
from app.facts.stays import Presence, Stay
from app.language.calendars import Calendar
from app.language.ir import Count, Measure, Reach
from app.vocabulary.codes import CapacityUnit, StayBasis, UnknownReason
from app.vocabulary.past import NO_TRAFFIC, Leg, Offence, Traffic, Unknown
from app.vocabulary.values import Facts

Number: TypeAlias = int | Unknown | None
_WHOLE_YEAR: Final = 366
# Days of law are those at checkpoints, which begin up to a day before or after those in UTC.
_ZONES: Final = 2
_MINUTE: Final = timedelta(minutes=1)
NO_KEY: Final = Unknown(UnknownReason.NO_KEY)


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the place beside the subject's own history."""

    checkpoint: Checkpoint
    calendar: Calendar | None
    traffic: Traffic = NO_TRAFFIC


def measured(wanted: Iterable[Measure], here: Here | None, facts: Facts, place: Place) -> dict[str, Number]:
    """Each measure by its path; `here` is None where no key tells whose history it would be."""
    return {each.field.path: _measure(each, here, facts, place) for each in wanted}


def lookback(measures: Iterable[Measure]) -> int:
    """Days before a crossing from which legs are needed for these measures."""
    return max((_WHOLE_YEAR if each.calendar_year else each.days or 0 for each in measures), default=0)


def reaching_back(day: date, days: int) -> datetime:
    """An instant before which no leg of the window of so many days up to `day` lies, in whatever time zone."""
    return datetime.combine(date.fromordinal(max(1, day.toordinal() - days - _ZONES)), time.min, UTC)


def _measure(measure: Measure, here: Here | None, facts: Facts, place: Place) -> Number:
    match measure.count:
        case Count.MINUTES | Count.WORKING_DAYS:
            return _between(measure, facts, place)
        case Count.CHECKPOINT_CROSSINGS | Count.CAPACITY_SHARE:
            return _traffic(measure, place)
        case _ if here is None:
            return NO_KEY
        case Count.DAYS_PRESENT | Count.CONTINUOUS_DAYS:
            return _days(measure, here)
        case Count.DAYS_SINCE_ENTRY:
            stay = here.sojourns[-1]
            return stay.lacks if stay.entry is None else max(0, (here.leg.day - stay.entry.day).days) + 1
        case Count.CROSSINGS:
            first = _first_day(measure, here.leg.day)
            return sum(leg.day >= first and _fits(leg, measure, here) for leg in here.earlier)
        case Count.VIOLATIONS:
            return sum(_counts(offence, measure, here) for offence in here.past.offences)
        case Count.MINUTES_SINCE_CROSSING:
            last = next((leg for leg in reversed(here.earlier) if _fits(leg, measure, here)), None)
            within = last is not None and last.day >= _first_day(measure, here.leg.day)
            return (here.leg.at - last.at) // _MINUTE if last and within else None
        case _:
            assert_never(measure.count)


def _first_day(measure: Measure, day: date) -> date:
    """First day of the window that ends on `day`."""
    if measure.calendar_year:
        return date(day.year, 1, 1)
    assert measure.days  # noqa: S101 (a count that asks for its window has one)
    return day - timedelta(days=min(measure.days - 1, day.toordinal() - 1))


def _days(measure: Measure, here: Here) -> Number:
    """Days of presence in the window, or in the unbroken run; the least and the most there can be must agree."""
    day = here.leg.day
    first = _first_day(measure, day)
    stays = [stay for stay in here.sojourns if stay.latest >= first]
    counted = [counts(stay, measure.leave_out) for stay in stays]
    fewest = [certain(*each) for each in zip(stays, counted, strict=True)]
    least = _count(fewest, measure, first, day)
    if None not in counted and not any(stay.lacks for stay in stays):
        return least
    utmost = [possible(*each) for each in zip(stays, counted, strict=True)]
    if least == _count(utmost, measure, first, day):
        return least
    open_ = [stay for stay, few, most in zip(stays, fewest, utmost, strict=True) if few != most][-1]
    return open_.lacks or Unknown(UnknownReason.BASIS, open_.begin)


def counts(stay: Sojourn, leave_out: frozenset[StayBasis]) -> bool | None:
    """Whether the days of a stay count where these bases do not; None where the papers leave it open."""
    return _counts_on(stay.bases, leave_out)


@lru_cache(maxsize=1024)  # many stays, few bases
def _counts_on(bases: tuple[str, ...], leave_out: frozenset[StayBasis]) -> bool | None:
    if not leave_out:
        return True
    left_out = {basis in leave_out if basis else None for basis in bases}
    return None if None in left_out or len(left_out) > 1 else not left_out.pop()


def certain(stay: Sojourn, counted: bool | None) -> Stay:  # noqa: FBT001 (the second half of a pair)
    """The stay where it adds the fewest days: as short as it can have been, or left out as long as it can have been."""
    return Stay(stay.begin, stay.end) if counted else Stay(stay.earliest, stay.latest, counted=False)


def possible(stay: Sojourn, counted: bool | None) -> Stay:  # noqa: FBT001 (the second half of a pair)
    """The stay where it adds the most days."""
    return Stay(stay.begin, stay.end, counted=False) if counted is False else Stay(stay.earliest, stay.latest)


def _count(stays: list[Stay], measure: Measure, first: date, day: date) -> int:
    presence = Presence.of(stays, day)
    in_window = presence.days(first, day)
    return min(presence.run_ending(day), in_window) if measure.count is Count.CONTINUOUS_DAYS else in_window


def _fits(leg: Leg, measure: Measure, here: Here) -> bool:
    if measure.direction and leg.direction != measure.direction:
        return False
    match measure.reach:
        case Reach.CHECKPOINT:
            return leg.checkpoint == here.leg.checkpoint
        case Reach.TERRITORY:
            return here.bounds(leg)
        case Reach.ANYWHERE:
            return True
        case _:
            assert_never(measure.reach)


def _counts(offence: Offence, measure: Measure, here: Here) -> bool:
    return (
        offence.at < here.leg.at
        # Its own violations from before it was corrected are none of its past.
        and offence.crossing != here.leg.crossing
        and offence.day >= _first_day(measure, here.leg.day)
        and (not measure.regimes or offence.regime in measure.regimes)
        and (offence.confirmed or not measure.confirmed)
    )


def _between(measure: Measure, facts: Facts, place: Place) -> Number:
    """Time between two facts; None if there is none of one of them."""
    assert measure.between  # noqa: S101 (checked when the measure was read)
    paths = [each.path for each in measure.between]
    if not all(path in facts for path in paths):
        return Unknown(UnknownReason.OPERAND)
    one, other = (facts[path] for path in paths)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs(other - one) // _MINUTE
    if isinstance(one, date) and isinstance(other, date):
        found = place.calendar.working_days(one, other) if place.calendar else None
        return Unknown(UnknownReason.CALENDAR, other) if found is None else found
    return None


def _traffic(measure: Measure, place: Place) -> Number:
    passed = place.traffic.vehicles if measure.passing is CapacityUnit.VEHICLES else place.traffic.persons
    if measure.count is Count.CHECKPOINT_CROSSINGS:
        return passed
    checkpoint = place.checkpoint
    if not checkpoint.capacity or checkpoint.capacity_unit != measure.passing:
        return Unknown(UnknownReason.CAPACITY)
    return 100 * passed // checkpoint.capacity
