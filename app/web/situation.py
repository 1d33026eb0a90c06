"""The situation in a span of days, for the API and the console alike, with where the violations behind it are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from app.errors import Invalid, Problem
from app.language.ir import Status
from app.storage.engine import reading
from app.violations import figures
from app.violations.figures import LONGEST, Compliance, Filters, Pair, Scope, Span, Told
from app.vocabulary.codes import ViolationStatus
from app.web.security import Actor, looked
from app.web.services import Services

USUAL: Final = timedelta(days=29)
_PAIRS: Final = 20
_COUNTED: Final = tuple(each.value for each in ViolationStatus if each is not ViolationStatus.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Situation:
    """Figures of a scope; `all_paired` if pairs were looked for among all violations of it.

    `newest` is the day of the newest crossing there, where none is in the span.
    """

    scope: Scope
    told: Told
    compliance: Compliance
    pairs: list[Pair]
    all_paired: bool
    newest: date | None

    def behind(self, **more: str) -> str:
        """The query of /v1/violations that lists what a figure counts."""
        span, filters = self.scope.span, self.scope.filters
        asked: list[tuple[str, str]] = [("status", each) for each in _COUNTED]
        for name in filters.__slots__:
            asked += [(name, str(each)) for each in getattr(filters, name) if name not in more]
        day = date.fromisoformat(more.pop("day")) if "day" in more else None
        whole = Span(day, day) if day else span
        bounds = {"occurred_from": _written(whole.start.isoformat()), "occurred_until": _written(whole.end.isoformat())}
        return urlencode([*asked, *more.items(), *bounds.items()])


def situation(services: Services, actor: Actor, first: date | None, last: date | None, filters: Filters) -> Situation:
    """The figures; by default of 30 days up to today. Raises Invalid for a span that is none or too long."""
    last = last or services.clock.now().date()
    first = first or last - USUAL
    if not timedelta(0) <= last - first < timedelta(days=LONGEST):
        raise Invalid(
            "The figures cannot be given.", [Problem("from", f"must lie before until, by less than {LONGEST} days")]
        )
    in_force = services.pipeline.in_force
    places = {code: each.state for code, each in in_force.reference.checkpoints.items()}
    rules = frozenset(
        rule.id
        for rule in in_force.rulebook.rules.values()
        if rule.status is Status.ACTIVE
        and _wants(filters.rule, rule.id)
        and _wants(filters.regime, rule.regime)
        and _wants(filters.jurisdiction, rule.jurisdiction)
        and _wants(filters.severity, rule.severity)
    )
    scope = Scope(Span(first, last), filters, actor.remit, places, rules, services.active_in)
    with reading(services.database) as tx:
        told, compliance = figures.told(tx, scope), figures.compliance(tx, scope)
        pairs, all_paired = figures.pairs(tx, scope, _PAIRS)
        newest = None if compliance.counted else figures.newest(tx, scope)
    looked(actor, "situation")
    return Situation(scope, told, compliance, pairs, all_paired, newest)


def _wants(wanted: Collection[str], value: str) -> bool:
    return not wanted or value in wanted


def _written(instant: str) -> str:
    return instant.replace("+00:00", "Z")
