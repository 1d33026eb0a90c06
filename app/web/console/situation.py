"""The situation board: a map of checkpoints, violations over time and by what they are of, compliance, precision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from app.identity.roles import Permission
from app.identity.users import User
from app.violations.figures import Compliance, Filters, Pair, Precision, Verdicts
from app.vocabulary.codes import Regime, SubjectKind
from app.web.console import labels
from app.web.console.access import allowed
from app.web.console.forms import Filled
from app.web.console.languages import Language, marked
from app.web.console.maps import Map, drawn
from app.web.console.pages import language_of, page
from app.web.services import Services, services_of
from app.web.situation import USUAL, Situation, situation

router = APIRouter()
_MOST: Final = 20
_HEIGHT: Final = 100
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """A count with where the violations behind it are, and its share of the greatest, from 0 to 100."""

    name: str
    count: int
    share: float
    query: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """Violations by what they are of; `head` is what the first column has."""

    title: str
    head: str
    bars: tuple[Bar, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Column:
    """A day of the chart over time, from 0 to 100 high."""

    day: date
    count: int
    x: float
    width: float
    height: float
    query: str


@dataclass(frozen=True, slots=True)
class Rated:
    """A rule or checkpoint with its verdicts."""

    name: str
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class SituationPage:
    """Figures of a span, what the form was filled with, and the map; `top` is the scale of the chart over time.

    Where nothing crossed in the span, `newest` is the day of the newest crossing, and `month_before` the first to show.
    """

    first: date
    last: date
    regime: str
    subject_kind: str
    checkpoint: str
    regimes: tuple[Regime, ...]
    kinds: tuple[SubjectKind, ...]
    places: Mapping[str, str]
    total: int
    behind: str
    map: Map | None
    columns: tuple[Column, ...]
    top: int
    groups: tuple[Grouped, ...]
    compliance: Compliance
    worst: tuple[Rated, ...]
    unclear: tuple[Rated, ...]
    precision: Mapping[str, Precision]
    pairs: tuple[Pair, ...]
    all_paired: bool
    newest: date | None
    month_before: date | None
    titles: Mapping[str, Mapping[str, str]]


class Asked(Filled):
    """Of which span and of what figures are asked for."""

    first: date | None = Field(None, alias="from")
    until: date | None = None
    regime: Regime | None = None
    subject_kind: SubjectKind | None = None
    checkpoint: str = Field("", max_length=64)

    def filters(self) -> Filters:
        return Filters(
            regime=(self.regime,) if self.regime else (),
            subject_kind=(self.subject_kind,) if self.subject_kind else (),
            checkpoint=(self.checkpoint,) if self.checkpoint else (),
        )


@router.get("/situation")
def get_situation(
    request: Request,
    user: Annotated[User, Depends(allowed(Permission.VIOLATIONS_READ))],
    asked: Annotated[Asked, Query()],
) -> Response:
    services, language = services_of(request), language_of(request, user)
    found = situation(services, user, asked.first, asked.until, asked.filters())
    told, register = found.told, services.pipeline.in_force.reference.checkpoints
    names = {code: register[code].name for code in sorted(found.scope.places, key=lambda code: register[code].name)}
    top = _top(max(told.by_day.values(), default=0))
    context = SituationPage(
        found.scope.span.first,
        found.scope.span.last,
        asked.regime or "",
        asked.subject_kind or "",
        asked.checkpoint,
        tuple(Regime),
        tuple(SubjectKind),
        {code: name for code, name in names.items() if user.remit.covers(register[code].state, code)},
        told.total,
        _listed(found),
        _map(services, found),
        tuple(_columns(found, top)),
        top,
        tuple(_groups(found, names, language)),
        found.compliance,
        tuple(_rated(found.compliance.by_rule, "violated")),
        tuple(_rated(found.compliance.by_checkpoint, "undetermined")),
        told.precision,
        tuple(found.pairs),
        found.all_paired,
        found.newest,
        found.newest and found.newest - USUAL,
        {rule.id: dict(rule.title) for rule in services.pipeline.in_force.rulebook.rules.values()},
    )
    return page(request, user, "situation.html", context)


def _listed(found: Situation, **more: str) -> str:
    """Where in the queue the violations behind a figure are."""
    span, filters = found.scope.span, found.scope.filters
    given = {name: values[0] for name in filters.__slots__ if (values := getattr(filters, name))} | more
    day = given.pop("day", None)
    return urlencode(
        {"status": "all", "counted": "true", **given, "since": day or span.first, "until": day or span.last}
    )


def _map(services: Services, found: Situation) -> Map | None:
    register, counts = services.pipeline.in_force.reference.checkpoints, found.told.by_checkpoint
    there = (register[code] for code in found.scope.within())
    return drawn(
        (each.name, each.latitude, each.longitude, counts.get(each.code, 0))
        for each in there
        if each.latitude is not None and each.longitude is not None
    )


def _columns(found: Situation, top: int) -> Iterator[Column]:
    days = found.told.by_day
    width = 1000 / len(days)
    for number, (day, count) in enumerate(days.items()):
        query = _listed(found, day=day.isoformat())
        yield Column(
            day, count, round(number * width, 2), round(width * 0.8, 2), round(_HEIGHT * count / top, 2), query
        )


def _top(most: int) -> int:
    """The least round number that is not less."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= most:
                return step * power
        power *= 10


def _groups(found: Situation, names: Mapping[str, str], language: Language) -> Iterator[Grouped]:
    told = found.told
    yield _grouped(
        found, marked("By rule"), marked("Rule"), "rule", {each: each for each in told.by_rule}, told.by_rule
    )
    regimes = {str(each): language.say(labels.label(each)) for each in told.by_regime}
    yield _grouped(found, marked("By regime"), marked("Regime"), "regime", regimes, _texts(told.by_regime))
    there = {each: names.get(each, each) for each in told.by_checkpoint}
    yield _grouped(found, marked("By checkpoint"), marked("Checkpoint"), "checkpoint", there, told.by_checkpoint)
    kinds = {str(each): language.say(labels.label(each)) for each in told.by_kind}
    yield _grouped(found, marked("By kind of subject"), marked("Kind"), "subject_kind", kinds, _texts(told.by_kind))


def _grouped(  # one argument for each thing that is shown
    found: Situation, title: str, head: str, filtered: str, names: Mapping[str, str], counts: Mapping[str, int]
) -> Grouped:
    most = max(counts.values(), default=1)
    bars = tuple(
        Bar(names[each], count, round(100 * count / most, 1), _listed(found, **{filtered: str(each)}))
        for each, count in list(counts.items())[:_MOST]
    )
    return Grouped(title, head, bars, max(len(counts) - _MOST, 0))


def _texts(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(each): count for each, count in counts.items()}


def _rated(by: Mapping[str, Verdicts], what: str) -> list[Rated]:
    """Those with the most of a verdict first."""
    found = [Rated(name, each) for name, each in by.items() if getattr(each, what)]
    return sorted(found, key=lambda each: (-getattr(each.verdicts, what), each.name))[:_MOST]
