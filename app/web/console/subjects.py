"""A person or company across its crossings: the calendar of stays, crossings, violations, links between its keys."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from app.crossings import links, records, subjects
from app.crossings.links import Statement
from app.errors import Invalid
from app.evaluation.stays import Assessed, Stays
from app.facts.limits import CalendarYear, Continuous, Limit, PerEntry, Rolling
from app.identity import users
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import Transaction, reading
from app.storage.tables import violations as rows_of_violations
from app.violations import records as violations
from app.violations.records import Violation
from app.vocabulary.codes import SubjectKind
from app.vocabulary.countries import ISO3, SCHENGEN
from app.vocabulary.past import Leg
from app.web.console.access import allowed
from app.web.console.calendars import SIGNS, Month, Sign, months, weekdays
from app.web.console.forms import Filled
from app.web.console.languages import Language, marked
from app.web.console.pages import language_of, page
from app.web.console.places import Place, places
from app.web.looking import subject_named
from app.web.security import looked
from app.web.services import Services, services_of
from app.web.subjects import Told, stays_of, subject_of

router = APIRouter()
_NEWEST: Final = 100
_MOST_VIOLATIONS: Final = 50
_BACK: Final = timedelta(days=365)
_AHEAD: Final = timedelta(days=185)
_ROLLING: Final = marked("at most %(limit)s days in any %(window)s")
_YEAR: Final = marked("at most %(limit)s days in a calendar year")
_CONTINUOUS: Final = marked("at most %(limit)s days in a row")
_ENTRY: Final = marked("at most %(limit)s days after an entry")


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit in words, and how far it is used: on record for certain, and at most."""

    words: str
    rule: str | None
    assessed: Assessed

    @property
    def is_known(self) -> bool:
        return self.assessed.least == self.assessed.most


@dataclass(frozen=True, slots=True)
class Calendar:
    """Stays in a territory up to a day, as months; `since` is the first day that was read, None if all there is."""

    territory: str
    on: date
    since: date | None
    months: tuple[Month, ...]
    weekdays: tuple[tuple[str, str], ...]
    signs: Mapping[Sign, tuple[str, str]]
    counted: int
    left_out: int
    limits: tuple[Bound, ...]
    stays: Stays


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """A subject by one of its keys; `name` is the newest on record in the remit.

    `calendar` is None of a company; `fault` says why stays cannot be counted.
    """

    key: str
    name: str
    kind: SubjectKind
    keys: tuple[str, ...]
    territory: str
    on: date
    calendar: Calendar | None
    fault: str | None
    crossings: tuple[Leg, ...]
    violations: tuple[Violation, ...]
    titles: Mapping[str, Mapping[str, str]]
    places: Mapping[str, Place]
    links: tuple[Statement, ...]
    names: Mapping[str, str]


class Asked(Filled):
    """In which territory, and up to which day, stays are counted."""

    territory: str = Field("", max_length=3)
    on: date | None = None


@router.get("/subjects/{key:path}")
def get_subject(
    request: Request,
    key: str,
    user: Annotated[User, Depends(allowed(Permission.CROSSINGS_READ))],
    asked: Annotated[Asked, Query()],
) -> Response:
    services, language = services_of(request), language_of(request, user)
    with reading(services.database) as tx:
        keys, legs = subject_of(tx, key, _NEWEST, user.remit)
        kind = subjects.kind_of(tx, keys)
        known = links.statements(tx, keys, ended=True)
        of_it = rows_of_violations.c.subject_key.in_(keys)
        found = violations.newest(tx, of_it, user.remit, _MOST_VIOLATIONS)
        names = users.names(tx, {each.made_by for each in known})
        name = _name(tx, legs, user)
    looked(user, "subject", legs[0].crossing)
    day, calendar, fault = asked.on or services.clock.now().date(), None, None
    territory = asked.territory.strip().upper()
    if territory and territory not in ISO3 | {SCHENGEN}:
        fault = language.say(marked("That is no code of a state, nor EUE for the Schengen states."))
    elif kind is SubjectKind.INDIVIDUAL:
        calendar, fault = _counted(services, user, key, day, territory or None, language)
    rules = services.pipeline.in_force.rulebook.rules
    context = SubjectPage(
        key,
        name,
        kind,
        tuple(sorted(keys)),
        calendar.territory if calendar else territory,
        day,
        calendar,
        fault,
        tuple(legs),
        tuple(found),
        {each.rule: dict(rules[each.rule].title) for each in found if each.rule in rules},
        places(services, [*(each.checkpoint for each in legs), *(each.checkpoint for each in found)]),
        tuple(known),
        names,
    )
    return page(request, user, "subject.html", context)


def _name(tx: Transaction, legs: Sequence[Leg], user: User) -> str:
    """As the newest crossing in the user's remit has it; empty where none is among these."""
    newest = next((each for each in legs if user.remit.covers(each.state, each.checkpoint)), None)
    if newest is None:
        return ""
    crossing = records.get(tx, newest.crossing, 0)
    event = orjson.loads(crossing.body)
    named = (each for each in crossing.subjects if each.key == newest.key)
    return next((subject_named(event, each.kind, each.position) for each in named), "")


def _counted(  # one argument for each thing that is asked
    services: Services, user: User, key: str, on: date, territory: str | None, language: Language
) -> tuple[Calendar | None, str | None]:
    try:
        return _calendar(stays_of(services, user, key, on, territory), on, language), None
    except Invalid as error:
        return None, error.detail


def _calendar(told: Told, on: date, language: Language) -> Calendar:
    signs: defaultdict[date, set[Sign]] = defaultdict(set)
    for day, sign in _signs(told.stays, on):
        signs[day].add(sign)
    first = min((day for day in signs if day > on - _BACK), default=on)
    last = max(day for day in signs if day <= on + _AHEAD)
    limits = tuple(Bound(_words(each.asked.limit, language), each.asked.rule, each) for each in told.stays.limits)
    return Calendar(
        told.territory,
        on,
        told.since,
        tuple(months(first, last, signs, language)),
        tuple(weekdays(language)),
        SIGNS,
        len(told.stays.days),
        len(told.stays.left_out),
        limits,
        told.stays,
    )


def _signs(stays: Stays, on: date) -> Iterator[tuple[date, Sign]]:
    yield on, Sign.ASKED
    certain = {*stays.days, *stays.left_out}
    yield from ((day, Sign.COUNTED) for day in stays.days)
    yield from ((day, Sign.LEFT_OUT) for day in stays.left_out)
    for stay in stays.sojourns:
        first = max(stay.earliest, on - _BACK)
        possible = (first + timedelta(days=each) for each in range((min(stay.latest, on) - first).days + 1))
        yield from ((day, Sign.POSSIBLE) for day in possible if day not in certain)
    for each in stays.limits:
        if each.least.last_lawful_day:
            yield each.least.last_lawful_day, Sign.LAST_LAWFUL
        if each.least.first_violation_day:
            yield each.least.first_violation_day, Sign.FIRST_OVER


def _words(limit: Limit, language: Language) -> str:
    if isinstance(limit, Rolling):
        told = {"limit": language.number(limit.limit), "window": language.number(limit.window)}
        return language.say(_ROLLING) % told
    words = {CalendarYear: _YEAR, Continuous: _CONTINUOUS, PerEntry: _ENTRY}[type(limit)]
    return language.say(words) % {"limit": language.number(limit.limit)}
