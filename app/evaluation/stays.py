"""A person's stays in a territory for an officer: the days counted, and what is left of the limits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from app.evaluation.engine import SCHENGEN, SCHENGEN_STATES
from app.facts.history import Sojourn, over_border, sojourns
from app.facts.limits import Assessment, CalendarYear, Continuous, Limit, PerEntry, Rolling, judge
from app.facts.measures import bounds, counts
from app.facts.stays import Presence
from app.language.evaluate import truth
from app.language.ir import Count, Leaf, Measure, Operator, Rule, Rulebook, Status
from app.language.operators import operand_value
from app.language.resolve import leaves, resolve
from app.language.truth import Truth
from app.vocabulary.codes import Direction, StayBasis, SubjectKind
from app.vocabulary.past import Leg
from app.vocabulary.values import Facts

LEFT_OUT: Final = frozenset({StayBasis.RESIDENCE_PERMIT, StayBasis.LONG_STAY_VISA})


@dataclass(frozen=True, slots=True)
class Asked:
    """A limit with the bases whose days do not count, and the rule that sets it, if one does.

    `certain` is false for a rule of which it is not known for certain that it applies.
    """

    limit: Limit
    leave_out: frozenset[StayBasis] = LEFT_OUT
    rule: str | None = None
    certain: bool = True


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
    least, most, open_ = bounds(found, asked.leave_out, on)
    bounded = all(stay.earliest > date.min for stay in open_)
    return Assessed(asked, judge(asked.limit, least), judge(asked.limit, most) if bounded else None)


def limits_of(rulebook: Rulebook, territory: str, facts: Facts, on: date) -> Iterator[Asked]:
    """Limits that rules of the territory set whoever leaves on that day: at most so many days of a measure.

    `facts` are those of the last crossing there. Rules that may apply, as far as is known, are among them.
    """
    leaving = {**facts, "crossing.direction": Direction.EXIT.value, "crossing.date": on}
    for rule in rulebook.rules.values():
        if (
            rule.status is Status.ACTIVE
            and rule.jurisdiction == territory
            and rule.applies_to is SubjectKind.INDIVIDUAL
        ):
            yield from _set_by(rulebook, rule, leaving, on)


def _set_by(rulebook: Rulebook, rule: Rule, leaving: Facts, on: date) -> Iterator[Asked]:
    resolved = resolve(rulebook, rule, on)
    asked = [leaf for leaf in leaves(resolved.holds) if leaf.field.path in rulebook.measures] if resolved else []
    applies = truth(resolved.applies, leaving) if resolved and asked else Truth.FALSE
    for leaf in asked:
        measure = rulebook.measures[leaf.field.path]
        limit = _limit(measure, leaf, leaving)
        if limit and applies is not Truth.FALSE:
            yield Asked(limit, measure.leave_out, rule.id, certain=applies is Truth.TRUE)


def _limit(measure: Measure, leaf: Leaf, facts: Facts) -> Limit | None:
    value = operand_value(leaf.operands[0], facts, None)
    if leaf.operator is not Operator.AT_MOST or not isinstance(value, int | Decimal):
        return None
    days = int(value)
    match measure.count:
        case Count.DAYS_PRESENT:
            return CalendarYear(days) if measure.calendar_year else Rolling(days, measure.days or 0)
        case Count.CONTINUOUS_DAYS:
            return Continuous(days)
        case Count.DAYS_SINCE_ENTRY:
            return PerEntry(days)
        case _:
            return None
