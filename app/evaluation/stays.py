"""A person's stays in a territory for an officer: the days counted, and what is left of the limits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import dropwhile
from typing import Final, NamedTuple, assert_never

from pydantic import ValidationError

from app.facts.derive import derive
from app.facts.history import Sojourn, over_border, sojourns
from app.facts.limits import Assessment, CalendarYear, Continuous, Limit, PerEntry, Rolling, judge
from app.facts.measures import bounds, counts
from app.facts.reference_data import ReferenceData
from app.facts.stays import Presence
from app.language.ceilings import ceilings
from app.language.evaluate import truth
from app.language.ir import Count, Measure, Rule, Rulebook, Status
from app.language.resolve import resolve
from app.language.truth import Truth
from app.language.walk import fields_asked
from app.vocabulary.codes import Direction, StayBasis, SubjectKind
from app.vocabulary.countries import SCHENGEN, SCHENGEN_STATES
from app.vocabulary.past import Leg
from app.vocabulary.values import Facts
from app.vocabulary.wire import Crossing

LEFT_OUT: Final = frozenset({StayBasis.RESIDENCE_PERMIT, StayBasis.LONG_STAY_VISA})
# Paths of facts that are told of a person wherever it crosses next.
_OF_THE_PERSON: Final = frozenset({"subject", "document", "visa", "permits", "observations"})
_NOON: Final = time(12)
_LAST_DAY: Final = date.max.toordinal()
_LONGEST_YEAR: Final = 366
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A limit with the bases whose days do not count, and the rule that sets it, if one does.

    `certain` is false if it is not known for certain that the rule applies, and that nothing else meets it. Days before
    `since` break no law: the rule did not ask for them.
    """

    limit: Limit
    leave_out: frozenset[StayBasis] = LEFT_OUT
    rule: str | None = None
    certain: bool = True
    since: date = date.min


@dataclass(frozen=True, slots=True)
class Assessed:
    """What is used of a limit: at least and at most, which differ where a crossing is not on record.

    `most` is None where nothing on record bounds it.
    """

    asked: Asked
    least: Assessment
    most: Assessment | None


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays up to a day, with the days that count for certain and those left out."""

    sojourns: tuple[Sojourn, ...]
    counted: tuple[bool | None, ...]
    days: tuple[date, ...]
    left_out: tuple[date, ...]
    limits: tuple[Assessed, ...]


class _Used(NamedTuple):
    """Days used of a measure, at least and at most (None: nothing bounds them), and the most that it can count."""

    least: int
    most: int | None
    greatest: int


def states_of(rulebook: Rulebook, territory: str, on: date) -> frozenset[str]:
    """The states of a territory: of EUE the Schengen states on that day, else the state itself."""
    if territory == SCHENGEN and SCHENGEN_STATES in rulebook.lists:
        return rulebook.lists[SCHENGEN_STATES].on(on)
    return frozenset({territory})


def since_of(rulebook: Rulebook, territory: str, on: date) -> Mapping[str, date]:
    """Since when those of its states that joined the territory belong to it."""
    if territory == SCHENGEN and SCHENGEN_STATES in rulebook.lists:
        return rulebook.lists[SCHENGEN_STATES].since(on)
    return {}


def sojourns_in(
    legs: Iterable[Leg], states: frozenset[str], since: Mapping[str, date], on: date, reach: date | None = None
) -> tuple[Sojourn, ...]:
    """Stays in these states up to a day.

    With `reach` earlier legs were not read: a stay whose entry is none of these is left out if no day counts from then.
    """
    there: Iterable[Leg] = over_border(sorted(leg for leg in legs if leg.day <= on), states, since)
    if reach:
        there = dropwhile(lambda leg: leg.direction != Direction.ENTRY and leg.day < reach, there)
    return tuple(sojourns(there, on))


def reach(rulebook: Rulebook, asked: Iterable[Asked], on: date) -> date:
    """The first day that counts for the limits, and for any measure of days; at least a year is counted."""
    windows = [each.days or 0 for each in rulebook.measures.values() if _limit(each, 0)]
    days = max(_LONGEST_YEAR, *windows, *(_reach(each.limit) for each in asked), 0)
    return date.fromordinal(max(on.toordinal() - days + 1, 1))


def _reach(limit: Limit) -> int:
    match limit:
        case Rolling():
            return limit.window
        case CalendarYear():
            return _LONGEST_YEAR
        case Continuous() | PerEntry():
            return limit.limit + 1
        case _:
            assert_never(limit)


def count(found: tuple[Sojourn, ...], on: date, asked: Sequence[Asked]) -> Stays:
    """Count the days of stays up to `on`, and what is used of each limit."""
    counted = tuple(counts(stay, LEFT_OUT) for stay in found)
    left_out = [stay for stay, is_counted in zip(found, counted, strict=True) if is_counted is False]
    days, others = bounds(found, LEFT_OUT, on).least, bounds(left_out, frozenset(), on).least
    limits = tuple(_assessed(each, found, on) for each in asked)
    return Stays(found, counted, tuple(_days(days)), tuple(_days(others)), limits)


def _days(presence: Presence) -> Iterator[date]:
    for first, last in presence.runs:
        yield from (date.fromordinal(day) for day in range(first, last + 1))


def _assessed(asked: Asked, found: Sequence[Sojourn], on: date) -> Assessed:
    least, most, open_ = bounds(found, asked.leave_out, on)
    bounded = all(stay.earliest > date.min for stay in open_)
    at_most = judge(asked.limit, most, asked.since) if bounded else None
    return Assessed(asked, judge(asked.limit, least, asked.since), at_most)


def as_if_leaving(reference: ReferenceData, body: bytes, position: int, on: date) -> Facts | None:
    """Facts of a person of the event, had it left over the same border on that day, by the tables of that day.

    Of how and where it leaves, and of what is counted until then, nothing is known. None for an event that cannot be
    read any more, or of a checkpoint that is not in the register any more.
    """
    try:
        event = Crossing.model_validate_json(body)
    except ValidationError:
        return None
    checkpoint = reference.checkpoints.get(event.checkpoint)
    if checkpoint is None:
        return None
    at = datetime.combine(on, _NOON, checkpoint.time_zone)
    leaving = event.model_copy(update={"occurred_at": at, "direction": Direction.EXIT})
    _, facts = derive(leaving, checkpoint, frozenset(), reference)[position]
    told = {path: value for path, value in facts.items() if path.partition(".")[0] in _OF_THE_PERSON}
    return {**told, "crossing.direction": Direction.EXIT.value, "crossing.date": on}


def limits_of(rulebook: Rulebook, territory: str, facts: Facts, found: Sequence[Sojourn], on: date) -> Iterator[Asked]:
    """Limits that rules of the territory set whoever leaves on that day: at most so many days of a measure.

    `facts` are those of `as_if_leaving`, `found` the stays up to that day. Rules that may apply, as far as is known,
    are among them. A requirement that is met on that day sets no limit that is exceeded on it.
    """
    state = {} if territory == SCHENGEN else {"checkpoint.state": territory}
    leaving = {**facts, **state, **_entered(found, on)}
    days = {path: used for path, each in rulebook.measures.items() if (used := _used(each, found, on))}
    for rule in rulebook.rules.values():
        if (
            rule.status is Status.ACTIVE
            and rule.jurisdiction == territory
            and rule.applies_to is SubjectKind.INDIVIDUAL
        ):
            yield from _set_by(rulebook, rule, leaving, days, found, on)


def _set_by(  # one argument for each thing it rests on
    rulebook: Rulebook, rule: Rule, leaving: Facts, days: Mapping[str, _Used], stays: Sequence[Sojourn], on: date
) -> Iterator[Asked]:
    resolved = resolve(rulebook, rule, on)
    asked = days.keys() & {field.path for field in fields_asked(resolved.holds)} if resolved else set()
    applies = truth(resolved.applies, leaving) if resolved and asked else Truth.FALSE
    if resolved is None or applies is Truth.FALSE:
        return
    counted = {**leaving, **{path: each.least for path, each in days.items() if each.least == each.most}}
    met = truth(resolved.holds, counted) is Truth.TRUE
    for path in sorted(asked):
        measure, greatest = rulebook.measures[path], days[path].greatest
        # Another count that is too high on that day stays so, and leaves this one alone to be kept; one that is not
        # yet too high may become so.
        found = ceilings(resolved.holds, path, leaving, greatest) | ceilings(resolved.holds, path, counted, greatest)
        binding = min((most for most, certain in found.items() if certain), default=greatest)
        for most, certain in sorted(found.items()):
            limit = _limit(measure, most)
            if limit and most <= binding and not (met and days[path].least > most):
                since = _since(rulebook, rule, leaving, stays, on)
                if isinstance(limit, CalendarYear):
                    since = max(since, date(on.year, 1, 1))
                yield Asked(limit, measure.leave_out, rule.id, certain and applies is Truth.TRUE, since)


def _since(rulebook: Rulebook, rule: Rule, leaving: Facts, found: Sequence[Sojourn], on: date) -> date:
    """Since when, without a break, the rule has asked something of whoever leaves, in the stay that lasts on that day.

    Of earlier stays nothing is said: their papers are not those of the last one.
    """
    if not found or found[-1].latest < on:
        return on
    earliest = found[-1].earliest
    for days in range(1, min((on - earliest).days, _LONGEST_YEAR) + 1):
        day = on - days * _DAY
        resolved, then = resolve(rulebook, rule, day), {**leaving, "crossing.date": day}
        # It may be met whatever the count of days: by an extension that had not run out.
        if (
            resolved is None
            or truth(resolved.applies, then) is Truth.FALSE
            or truth(resolved.holds, then) is Truth.TRUE
        ):
            return day + _DAY
    return earliest


def _entered(found: Sequence[Sojourn], on: date) -> Facts:
    """The day of entry of whoever leaves on that day; unknown if it is not on record."""
    if not found or found[-1].latest < on:
        return {"stay.entered_on": on}
    entry = found[-1].entry
    return {"stay.entered_on": entry.day} if entry else {}


def _used(measure: Measure, found: Sequence[Sojourn], on: date) -> _Used | None:
    """What of a measure is used on that day; None if it does not count days of stay."""
    limit = _limit(measure, 0)
    if limit is None:
        return None
    greatest = _LAST_DAY if isinstance(limit, PerEntry) else measure.days or _LONGEST_YEAR
    assessed = _assessed(Asked(limit, measure.leave_out), found, on)
    most = min(assessed.most.days_used, greatest) if assessed.most else None
    return _Used(min(assessed.least.days_used, greatest), most, greatest)


def _limit(measure: Measure, days: int) -> Limit | None:
    match measure.count:
        case Count.DAYS_PRESENT:
            return CalendarYear(days) if measure.calendar_year else Rolling(days, measure.days or 0)
        case Count.CONTINUOUS_DAYS:
            return Continuous(days)
        case Count.DAYS_SINCE_ENTRY:
            return PerEntry(days)
        case _:
            return None
