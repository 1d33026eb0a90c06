"""A person's stays in a territory for an officer: the days counted, and what is left of the limits."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.evaluation.engine import SCHENGEN, SCHENGEN_STATES
from app.facts.history import Sojourn, over_border, sojourns
from app.facts.limits import Assessment, CalendarYear, Continuous, Limit, PerEntry, Rolling, judge
from app.facts.measures import bounds, counts
from app.facts.stays import Presence
from app.language.ir import Count, Leaf, Literal, Measure, Operator, Rule, Rulebook, Status
from app.language.resolve import leaves, resolve
from app.vocabulary.codes import StayBasis
from app.vocabulary.past import Leg

LEFT_OUT: Final = frozenset({StayBasis.RESIDENCE_PERMIT, StayBasis.LONG_STAY_VISA})


@dataclass(frozen=True, slots=True)
class Asked:
    """A limit with the bases whose days do not count, and the rule that sets it, if one does."""

    limit: Limit
    leave_out: frozenset[StayBasis] = LEFT_OUT
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Assessed:
    """What is used of a limit: at least and at most, which differ where a crossing is not on record."""

    asked: Asked
    least: Assessment
    most: Assessment


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays up to a day, with the days that count for certain and those left out."""

    sojourns: tuple[Sojourn, ...]
    counted: tuple[bool | None, ...]
    days: tuple[date, ...]
    left_out: tuple[date, ...]
    limits: tuple[Assessed, ...]


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


def count(
    legs: Iterable[Leg], states: frozenset[str], since: Mapping[str, date], on: date, asked: Sequence[Asked]
) -> Stays:
    """Count the days up to `on` in these states, and what is used of each limit."""
    there = over_border(sorted(leg for leg in legs if leg.day <= on), states, since)
    found = tuple(sojourns(there, on))
    counted = tuple(counts(stay, LEFT_OUT) for stay in found)
    left_out = [stay for stay, is_counted in zip(found, counted, strict=True) if is_counted is False]
    days, others = bounds(found, LEFT_OUT, on).least, bounds(left_out, frozenset(), on).least
    limits = tuple(_assessed(each, found, on) for each in asked)
    return Stays(found, counted, tuple(_days(days)), tuple(_days(others)), limits)


def _days(presence: Presence) -> Iterator[date]:
    for first, last in presence.runs:
        yield from (date.fromordinal(day) for day in range(first, last + 1))


def _assessed(asked: Asked, found: Sequence[Sojourn], on: date) -> Assessed:
    least, most, _ = bounds(found, asked.leave_out, on)
    return Assessed(asked, judge(asked.limit, least), judge(asked.limit, most))


def limits_of(rulebook: Rulebook, territory: str, rules: Collection[str], on: date) -> Iterator[Asked]:
    """Limits that these rules set in the territory on that day: at most so many days of a measure."""
    for name in sorted(rules):
        rule = rulebook.rules.get(name)
        if rule and rule.status is Status.ACTIVE and rule.jurisdiction == territory:
            yield from _set_by(rulebook, rule, on)


def _set_by(rulebook: Rulebook, rule: Rule, on: date) -> Iterator[Asked]:
    resolved = resolve(rulebook, rule, on)
    for leaf in leaves(resolved.holds) if resolved else ():
        measure = rulebook.measures.get(leaf.field.path)
        limit = _limit(measure, leaf) if measure else None
        if measure and limit:
            yield Asked(limit, measure.leave_out, rule.id)


def _limit(measure: Measure, leaf: Leaf) -> Limit | None:
    match leaf.operator, leaf.operands, measure.count:
        case Operator.AT_MOST, (Literal(value),), Count.DAYS_PRESENT:
            days = int(value)  # type: ignore[arg-type] # a number, by the field's type
            return CalendarYear(days) if measure.calendar_year else Rolling(days, measure.days or 0)
        case Operator.AT_MOST, (Literal(value),), Count.CONTINUOUS_DAYS:
            return Continuous(int(value))  # type: ignore[arg-type] # as above
        case Operator.AT_MOST, (Literal(value),), Count.DAYS_SINCE_ENTRY:
            return PerEntry(int(value))  # type: ignore[arg-type] # as above
        case _:
            return None
