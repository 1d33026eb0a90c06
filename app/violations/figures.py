"""Figures on violations and compliance in a span of days, within a remit; each can be traced to what it counts.

Days are those of UTC, so that a figure and the list behind it have the same bounds. Violations that were superseded are
not counted. Compliance is counted from the newest decision on each crossing, so that it is the same in whatever order
events came, and of the newest crossings only where there are more than MOST_CROSSINGS: what is told says since when.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from math import sqrt
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, String, func, select, type_coerce

from app.crossings.history import replaced
from app.identity.remit import EVERYWHERE, Remit
from app.storage.engine import Transaction
from app.storage.tables import crossings, decisions, findings, violations
from app.vocabulary.codes import Outcome, Regime, Severity, SubjectKind, Verdict, ViolationStatus

MOST_CROSSINGS: Final = 5_000
"""Of which compliance is counted."""
MOST_PAIRED: Final = 20_000
"""Violations, the newest, among which pairs are looked for."""
LONGEST: Final = 366
_DAY: Final = timedelta(days=1)
_V, _C = violations.c, crossings.c
_UPHELD: Final = frozenset({Outcome.CONFIRMED, Outcome.UPHELD})
_REJECTED: Final = frozenset({Outcome.DISMISSED, Outcome.OVERTURNED})
_AT_ONCE: Final = 500
# The 97.5th percentile of the normal distribution: an interval of 95 %.
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Span:
    """Days of UTC, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last, time.min, UTC) + _DAY

    def days(self) -> Iterator[date]:
        return (self.first + number * _DAY for number in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """All of the given ones, each met by any of its values; an empty one asks nothing."""

    rule: tuple[str, ...] = ()
    regime: tuple[Regime, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    checkpoint: tuple[str, ...] = ()
    subject_kind: tuple[SubjectKind, ...] = ()

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        for name in self.__slots__:
            if values := getattr(self, name):
                column = _V.subject_kind if name == "subject_kind" else _V[name]
                yield column.in_(values)


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what figures are told. `places` are the checkpoints on the register, by code, each with its state.

    `rules` are the active ones that the filters leave: only of these compliance is counted, and only where they were
    active in the rulebook of the decision too, which `active_in` tells by its digest.
    """

    span: Span
    filters: Filters
    remit: Remit
    places: Mapping[str, str]
    rules: frozenset[str]
    active_in: Callable[[str], Collection[str]]

    def within(self) -> list[str]:
        """Checkpoints of the register that remit and filters leave."""
        wanted = self.filters.checkpoint
        return [
            code
            for code, state in self.places.items()
            if self.remit.covers(state, code) and (not wanted or code in wanted)
        ]


@dataclass(frozen=True, slots=True)
class Precision:
    """How often officers agreed with a rule, with the bounds of a Wilson interval of 95 %."""

    agreed: int
    rejected: int

    @property
    def share(self) -> float:
        return self.agreed / (self.agreed + self.rejected)

    @property
    def bounds(self) -> tuple[float, float]:
        return wilson(self.agreed, self.agreed + self.rejected)


class Pair(NamedTuple):
    """Two rules that the same subject violated in one crossing, and how often."""

    one: str
    other: str
    times: int


@dataclass(frozen=True, slots=True)
class Told:
    """Violations by day and by what they are of, the most first."""

    total: int
    by_day: Mapping[date, int]
    by_rule: Mapping[str, int]
    by_regime: Mapping[Regime, int]
    by_checkpoint: Mapping[str, int]
    by_kind: Mapping[SubjectKind, int]
    precision: Mapping[str, Precision]


@dataclass(slots=True)
class Verdicts:
    """How many verdicts of active rules on subjects were of each kind; what does not apply is not counted."""

    compliant: int = 0
    violated: int = 0
    undetermined: int = 0

    @property
    def applicable(self) -> int:
        return self.compliant + self.violated + self.undetermined

    @property
    def rate(self) -> float | None:
        """Compliant over applicable; None where nothing applied. What cannot be told is not taken for compliant."""
        return self.compliant / self.applicable if self.applicable else None


@dataclass(frozen=True, slots=True)
class Compliance:
    """Of `counted` crossings, those since a day, which is that of the span unless there are too many."""

    since: date
    counted: int
    total: Verdicts = field(default_factory=Verdicts)
    by_rule: defaultdict[str, Verdicts] = field(default_factory=lambda: defaultdict(Verdicts))
    by_checkpoint: defaultdict[str, Verdicts] = field(default_factory=lambda: defaultdict(Verdicts))


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Bounds of the interval of 95 % for a share (E. B. Wilson, 1927)."""
    share, z = successes / trials, _Z * _Z / trials
    centre, half = share + z / 2, _Z * sqrt(share * (1 - share) / trials + z / (4 * trials))
    return max(0.0, (centre - half) / (1 + z)), min(1.0, (centre + half) / (1 + z))


def told(tx: Transaction, scope: Scope) -> Told:
    """Violations of the span, read in one go over the index of their times."""
    day = _day(tx, _V.occurred_at)
    columns = (day, _V.rule, _V.regime, _V.checkpoint, _V.subject_kind, _V.outcome)
    query = select(*columns, func.count()).where(*_conditions(scope)).group_by(*columns)
    counts = [Counter[Any]() for _ in columns]
    decided: defaultdict[str, Counter[Outcome | None]] = defaultdict(Counter)
    for *values, count in tx.execute(query):
        for counter, value in zip(counts, values, strict=True):
            counter[value] += count
        decided[values[1]][values[-1]] += count
    by_day, by_rule, by_regime, by_checkpoint, by_kind, _ = counts
    return Told(
        by_day.total(),
        {each: by_day[each.isoformat()] for each in scope.span.days()},
        dict(by_rule.most_common()),
        dict(by_regime.most_common()),
        dict(by_checkpoint.most_common()),
        dict(by_kind.most_common()),
        {rule: precision for rule in sorted(decided) if (precision := _precision(decided[rule]))},
    )


def pairs(tx: Transaction, scope: Scope, most: int) -> tuple[list[Pair], bool]:
    """Rules that fire together, the most frequent first; and whether all violations of the span were looked at."""
    query = (
        select(_V.crossing, _V.subject_kind, _V.subject_position, _V.rule)
        .where(*_conditions(scope))
        .order_by(_V.occurred_at.desc(), _V.id.desc())
        .limit(MOST_PAIRED + 1)
    )
    rows = tx.execute(query).all()
    of_one: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for *whose, rule in rows[:MOST_PAIRED]:
        of_one[tuple(whose)].add(rule)
    counts = Counter(pair for rules in of_one.values() for pair in combinations(sorted(rules), 2))
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [Pair(*pair, count) for pair, count in ordered[:most]], len(rows) <= MOST_PAIRED


def compliance(tx: Transaction, scope: Scope) -> Compliance:
    """Verdicts on crossings of the span, from the newest decision on each."""
    places = scope.within()
    since = _since(tx, scope.span, places)
    rows = tx.execute(_newest(places, since, scope.span)).all()
    made = Compliance(since, len(rows))
    kinds = scope.filters.subject_kind or tuple(SubjectKind)
    for row in rows:
        # Persons come first, then organisations.
        parts = {SubjectKind.INDIVIDUAL: slice(row.persons), SubjectKind.LEGAL_ENTITY: slice(row.persons, None)}
        counted = scope.rules.intersection(scope.active_in(row.rulebook))
        complied = Counter(
            rule for kind in kinds for rules in row.compliant[parts[kind]] for rule in rules if rule in counted
        )
        for rule, count in complied.items():
            _add(made, rule, row.checkpoint, Verdict.COMPLIANT, count)
    where = {row.id: row.checkpoint for row in rows}
    for rule, decision, verdict, count in _open(tx, {row.id: row.crossing for row in rows}, kinds):
        if rule in scope.rules:
            _add(made, rule, where[decision], verdict, count)
    return made


def newest(tx: Transaction, scope: Scope) -> date | None:
    """The day of UTC of the newest crossing at the places of a scope, in the span or not."""
    last = select(func.max(_C.occurred_at)).where(_C.checkpoint.in_(scope.within()))
    at: datetime | None = tx.execute(last).scalar_one()
    return at.astimezone(UTC).date() if at else None


def _add(made: Compliance, rule: str, checkpoint: str, verdict: Verdict, count: int) -> None:
    for each in (made.total, made.by_rule[rule], made.by_checkpoint[checkpoint]):
        setattr(each, verdict.value, getattr(each, verdict.value) + count)


def _since(tx: Transaction, span: Span, places: Sequence[str]) -> date:
    """The first day from which on no more than MOST_CROSSINGS are to be read; at least the last day of the span."""
    on = _day(tx, _C.occurred_at)
    query = select(on, func.count()).where(*_there(places, span)).group_by(on)
    left, since = MOST_CROSSINGS, span.last
    for day, count in sorted(((row[0], row[1]) for row in tx.execute(query)), reverse=True):
        left -= count
        if left < 0:
            return since
        since = date.fromisoformat(day)
    return span.first


def _newest(places: Sequence[str], since: date, span: Span) -> Any:  # noqa: ANN401 (a statement)
    """The newest decision on each crossing that was not taken back."""
    number = (
        select(func.max(decisions.c.number)).where(decisions.c.crossing == _C.id).correlate(crossings).scalar_subquery()
    )
    of_it = (decisions.c.crossing == _C.id) & (decisions.c.number == number)
    within = Span(max(since, span.first), span.last)
    return (
        select(decisions.c.id, decisions.c.crossing, decisions.c.rulebook, decisions.c.compliant)
        .add_columns(_C.persons, _C.checkpoint)
        .select_from(crossings)
        .join(decisions, of_it)
        .where(*_there(places, within), _C.withdrawn.is_(False))
        .limit(MOST_CROSSINGS)
    )


def _there(places: Sequence[str], span: Span) -> list[ColumnElement[bool]]:
    """By the index of checkpoint and day: a day there may begin before or end after that of UTC."""
    days = _C.local_date.between(span.first - _DAY, span.last + _DAY)
    return [_C.checkpoint.in_(places), days, _C.occurred_at >= span.start, _C.occurred_at < span.end]


def _open(tx: Transaction, newest: Mapping[str, str], kinds: Sequence[SubjectKind]) -> Iterator[Any]:
    """What is violated or undetermined by these decisions, each with its crossing, by rule and decision."""
    column = findings.c
    what = (column.rule, column.decision, column.verdict)
    names = list(newest)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        of_them = column.crossing.in_([newest[each] for each in some]) & column.decision.in_(some)
        query = select(*what, func.count()).where(of_them, column.shadow.is_(False), column.subject_kind.in_(kinds))
        yield from tx.execute(query.group_by(*what))


def _conditions(scope: Scope) -> list[ColumnElement[bool]]:
    span = scope.span
    found = [
        _V.occurred_at >= span.start,
        _V.occurred_at < span.end,
        _V.status != ViolationStatus.SUPERSEDED,
        ~replaced(),
        *scope.filters.conditions(),
    ]
    if scope.remit != EVERYWHERE:
        found.append(_V.checkpoint.in_(scope.within()))
    return found


def _day(tx: Transaction, at: ColumnElement[datetime]) -> ColumnElement[str]:
    """The day of UTC, as ISO 8601 writes it."""
    if tx.dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", at), "YYYY-MM-DD")
    return func.substr(type_coerce(at, String), 1, 10)


def _precision(outcomes: Mapping[Outcome | None, int]) -> Precision | None:
    agreed = sum(count for outcome, count in outcomes.items() if outcome in _UPHELD)
    rejected = sum(count for outcome, count in outcomes.items() if outcome in _REJECTED)
    return Precision(agreed, rejected) if agreed + rejected else None
