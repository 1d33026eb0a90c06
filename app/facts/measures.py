"""Measures of the rulebook for one crossing: a number, none, or the reason why it cannot be known.

A stay whose entry, exit or basis is not on record lasted at least and at most so long. A count is known where both
bounds agree on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias, assert_never

from app.facts.history import Bounds, Here, Sojourn
from app.facts.reference_data import Checkpoint
from app.facts.stays import Presence, Span
from app.language.calendars import Calendar
from app.language.ir import Count, Measure, Reach
from app.vocabulary.codes import CapacityUnit, StayBasis, UnknownReason
from app.vocabulary.past import NO_TRAFFIC, Leg, Offence, Traffic, Unknown
from app.vocabulary.values import Facts

Number: TypeAlias = int | Unknown | None
# Days of law are those at checkpoints, which begin up to a day before or after those in UTC.
_ZONES: Final = 2
_MINUTE: Final = timedelta(minutes=1)
NO_KEY: Final = Unknown(UnknownReason.NO_KEY)
TOO_MUCH: Final = Unknown(UnknownReason.TOO_MUCH)


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the place beside the subject's own history."""

    checkpoint: Checkpoint
    calendar: Calendar | None
    traffic: Traffic = NO_TRAFFIC


def measured(wanted: Iterable[Measure], here: Here | Unknown, facts: Facts, place: Place) -> dict[str, Number]:
    """Each measure by its path; `here` may be the reason why there is no history."""
    return {each.field.path: _measure(each, here, facts, place) for each in wanted}


def lookback(measures: Iterable[Measure], day: date) -> int:
    """Days before a crossing on that day from which legs are needed for these measures."""
    of_the_year = day.timetuple().tm_yday
    return max((of_the_year if each.calendar_year else each.days or 0 for each in measures), default=0)


def reaching_back(day: date, days: int) -> datetime:
    """An instant before which no leg of the window of so many days up to `day` lies, in whatever time zone."""
    return datetime.combine(date.fromordinal(max(1, day.toordinal() - days - _ZONES)), time.min, UTC)


def out_of_reach(at: datetime, days: int) -> datetime:
    """An instant from which on no window of so many days reaches back to `at`, in whatever time zone."""
    ordinal = at.astimezone(UTC).toordinal() + days + _ZONES + 2
    if ordinal > date.max.toordinal():
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(date.fromordinal(ordinal), time.min, UTC)


def _measure(measure: Measure, here: Here | Unknown, facts: Facts, place: Place) -> Number:
    match measure.count:
        case Count.MINUTES | Count.WORKING_DAYS:
            return _between(measure, facts, place)
        case Count.CHECKPOINT_CROSSINGS | Count.CAPACITY_SHARE:
            return _traffic(measure, place)
        case _ if isinstance(here, Unknown):
            return here
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
    day, bounds = here.leg.day, _bounds(here, measure.leave_out)
    first = _first_day(measure, day)
    least = _count(bounds.least, measure, first, day)
    if not bounds.open or least == _count(bounds.most, measure, first, day):
        return least
    open_ = [stay for stay in bounds.open if stay.latest >= first][-1]
    return open_.lacks or Unknown(UnknownReason.BASIS, open_.begin)


def _bounds(here: Here, leave_out: frozenset[StayBasis]) -> Bounds:
    """The days of all stays, worked out once for all measures that leave out the same."""
    if leave_out not in here.bounds_of:
        here.bounds_of[leave_out] = bounds(here.sojourns, leave_out, here.leg.day)
    return here.bounds_of[leave_out]


def bounds(stays: Sequence[Sojourn], leave_out: frozenset[StayBasis], until: date) -> Bounds:
    """The fewest and the most days up to `until` that count where these bases do not.

    Fewest: a stay that counts is as short, and one that does not or may not count as long as it can have been.
    """
    end = until.toordinal()
    fewest: tuple[list[Span], list[Span]] = [], []
    utmost: tuple[list[Span], list[Span]] = [], []
    open_ = []
    for stay in stays:
        counted = counts(stay, leave_out)
        short = stay.begin.toordinal(), min(end, stay.end.toordinal())
        if short[0] > end:
            continue
        if stay.lacks is None and counted is not None:
            fewest[not counted].append(short)
            utmost[not counted].append(short)
            continue
        open_.append(stay)
        long = stay.earliest.toordinal(), min(end, stay.latest.toordinal())
        fewest[not counted].append(short if counted else long)
        utmost[counted is False].append(short if counted is False else long)
    least = Presence.of_spans(*fewest, end)
    return Bounds(least, Presence.of_spans(*utmost, end) if open_ else least, open_)


def counts(stay: Sojourn, leave_out: frozenset[StayBasis]) -> bool | None:
    """Whether the days of a stay count where these bases do not; None where the papers leave it open."""
    if not leave_out:
        return True
    left_out = stay.bases[0] in leave_out
    for basis in stay.bases:
        if not basis or (basis in leave_out) is not left_out:
            return None
    return not left_out


def _count(presence: Presence, measure: Measure, first: date, day: date) -> int:
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
