"""The checked, engine-neutral form of a rulebook. Nodes are small, frozen and closed.

A condition is `All | AnyOf | Not | Named | Quantified | Leaf`. Positions are carried for diagnostics and explanations
but take no part in equality: two leaves that ask the same are equal, which the index backend rests on.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from app.vocabulary.codes import Advice, CapacityUnit, Direction, Regime, Severity, StayBasis, SubjectKind
from app.vocabulary.fields import Field, catalogue
from app.vocabulary.values import Scalar

if TYPE_CHECKING:  # they are made of Position and Period
    from app.language.calendars import Calendar, OpeningHours


@dataclass(frozen=True, slots=True)
class Position:
    """Place in a rule file; line and column count from one."""

    file: str
    line: int
    column: int


class Operator(StrEnum):
    """Operators of a leaf; which of them fit depends on the field's type (`operators.FITTING`)."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    PRESENT = "present"
    BELOW = "below"
    AT_MOST = "at_most"
    ABOVE = "above"
    AT_LEAST = "at_least"
    BETWEEN = "between"
    BEFORE = "before"
    ON_OR_BEFORE = "on_or_before"
    AFTER = "after"
    ON_OR_AFTER = "on_or_after"
    CONTAINS = "contains"
    CONTAINS_ANY = "contains_any"
    CONTAINS_ALL = "contains_all"
    EMPTY = "empty"
    MATCHES = "matches"
    STARTS_WITH = "starts_with"


class Quantifier(StrEnum):
    """Quantifiers over a list of records."""

    SOME = "some"
    EVERY = "every"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Offset:
    """A calendar offset: months first (clamped to the month's last day), then the exact duration."""

    months: int = 0
    duration: timedelta = timedelta()
    text: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant of the field's type; of a set operator, the set of constants.

    `name` is the parameter or list it stood for before it was resolved to a day.
    """

    value: Scalar | frozenset[Scalar]
    name: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FieldOperand:
    """Another field of the same type, for dates possibly moved by an offset.

    `own_record` is true if it is a field of the record the quantifier is looking at.
    """

    field: Field
    offset: Offset | None = None
    own_record: bool = False


@dataclass(frozen=True, slots=True)
class ParameterOperand:
    """A dated parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOperand:
    """A dated list."""

    name: str


Operand: TypeAlias = Literal | FieldOperand | ParameterOperand | ListOperand


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question to one field. `between` has two operands (both ends included), the others one."""

    field: Field
    operator: Operator
    operands: tuple[Operand, ...]
    at: Position = dataclasses.field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class All:
    """Conjunction; of nothing it is true."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Disjunction."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Named:
    """A shared definition, expanded, with its name kept for explanations."""

    name: str
    part: "Condition"


@dataclass(frozen=True, slots=True)
class Quantified:
    """A condition on some, every or none of a list of records."""

    field: Field
    quantifier: Quantifier
    part: "Condition"
    at: Position = dataclasses.field(compare=False, repr=False)


Condition: TypeAlias = All | AnyOf | Not | Named | Quantified | Leaf


@dataclass(frozen=True, slots=True)
class Period:
    """Inclusive calendar days in the checkpoint's time zone; an open end is None."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        """Whether the day lies in the period."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


Texts: TypeAlias = Mapping[str, str]  # by language: en, ru, zh


@dataclass(frozen=True, slots=True)
class Sanction:
    """Range of a sanction for one class of subject; amounts only as far as the source gives them."""

    subject_class: str
    unit: str | None = None
    minimum: Scalar | None = None
    maximum: Scalar | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Provision:
    """An article of law as data, with its source and how it was verified."""

    id: str
    act: str
    article: str
    jurisdiction: str
    regime: str
    summary: Texts
    source: str
    verification: str
    in_force: Period
    sanctions: tuple[Sanction, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A parameter's value in a period, in the parameter's unit."""

    period: Period
    value: Scalar


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number or a date that law changes over time."""

    name: str
    title: Texts
    unit: str | None
    values: tuple[DatedValue, ...]
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A list whose members come and go; a member without periods always belongs to it."""

    name: str
    title: Texts
    type: str
    members: Mapping[str, tuple[Period, ...]]
    source: str = ""

    def on(self, day: date) -> frozenset[str]:
        """Members on that day."""
        return frozenset(m for m, periods in self.members.items() if not periods or any(day in p for p in periods))

    def since(self, day: date) -> Mapping[str, date]:
        """Of the members on that day, those that have not always been one, with the day since which they are."""
        return {m: p.first for m, periods in self.members.items() for p in periods if p.first and day in p}


class Count(StrEnum):
    """What a measure counts; `facts.measures` says how."""

    DAYS_PRESENT = "days_present"
    CONTINUOUS_DAYS = "continuous_days"
    DAYS_SINCE_ENTRY = "days_since_entry"
    CROSSINGS = "crossings"
    VIOLATIONS = "violations"
    MINUTES_SINCE_CROSSING = "minutes_since_crossing"
    MINUTES = "minutes"
    WORKING_DAYS = "working_days"
    CHECKPOINT_CROSSINGS = "checkpoint_crossings"
    CAPACITY_SHARE = "capacity_share"


class Reach(StrEnum):
    """Which earlier crossings count: at this checkpoint, in its territory, or any."""

    CHECKPOINT = "checkpoint"
    TERRITORY = "territory"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number about a subject's history, which rules ask for as the field `field.path`.

    `days` is the length of a rolling window that ends on the crossing's day, that day included; None beside
    `calendar_year` False: the measure has no window. `between` are the two fields that time is counted between.
    """

    field: Field
    count: Count
    days: int | None = None
    calendar_year: bool = False
    leave_out: frozenset[StayBasis] = frozenset()
    reach: Reach = Reach.ANYWHERE
    direction: Direction | None = None
    regimes: frozenset[Regime] = frozenset()
    confirmed: bool = False
    between: tuple[Field, Field] | None = None
    passing: CapacityUnit = CapacityUnit.VEHICLES


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as the law stood in a period. `applies` is when-and-not-unless, `holds` require-and-not-forbid."""

    in_force: Period
    basis: tuple[str, ...]
    applies: Condition
    holds: Condition
    sanction: str | None = None
    note: str = ""

    @property
    def id(self) -> str:
        """The version's first day, as the wire names it."""
        return self.in_force.first.isoformat() if self.in_force.first else "always"


class Status(StrEnum):
    """How far a rule has come: only `active` makes violations, `shadow` is evaluated and kept apart."""

    DRAFT = "draft"
    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Related:
    """A declared relation to another rule."""

    kind: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over time. `stratum` is 0, or one more than that of the rules whose findings it rests on."""

    id: str
    title: Texts
    regime: Regime
    jurisdiction: str
    applies_to: SubjectKind
    status: Status
    owner: str
    severity: Severity
    advice: Advice
    review_by: date
    versions: tuple[Version, ...]
    file: str
    limits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    related: tuple[Related, ...] = ()
    rests_on: frozenset[str] = frozenset()
    stratum: int = 0

    def version_on(self, day: date) -> Version | None:
        """The version in force on that day, if any."""
        return next((version for version in self.versions if day in version.in_force), None)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All files, compiled. Immutable; `digest` is `sha256:` over their canonical content."""

    rules: Mapping[str, Rule]
    provisions: Mapping[str, Provision]
    lists: Mapping[str, NamedSet]
    parameters: Mapping[str, Parameter]
    measures: Mapping[str, Measure]
    sources: Mapping[str, str] = dataclasses.field(repr=False)
    digest: str
    calendars: Mapping[str, "Calendar"] = dataclasses.field(default_factory=dict)  # by state
    opening: Mapping[str, "OpeningHours"] = dataclasses.field(default_factory=dict)  # by checkpoint

    def fields(self, kind: SubjectKind) -> Mapping[str, Field]:
        """All fields its rules on this kind of subject may ask: the catalogue's and its measures'."""
        return fields_with(self.measures.values(), kind)


def fields_with(measures: Iterable[Measure], kind: SubjectKind) -> Mapping[str, Field]:
    """The catalogue with the measures on this kind of subject."""
    found = {each.field.path: each.field for each in measures if kind in each.field.subjects}
    return {**catalogue(kind), **found} if found else catalogue(kind)
