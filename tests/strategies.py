"""Well-typed resolved rules and facts over the real catalogue and the shipped measures, for property tests.

Values come from small pools so that comparisons meet: month ends, leap days, equal instants in different offsets. A
world is a set of facts with nothing unknown; `knowing_less` takes members away, so a world is a completion of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, assert_never

from hypothesis import strategies as st

from app.language.ir import (
    All,
    AnyOf,
    Condition,
    FieldOperand,
    Leaf,
    Literal,
    Named,
    Not,
    Offset,
    Operand,
    Operator,
    Period,
    Position,
    Quantified,
    Quantifier,
    Rule,
    Status,
    Version,
    fields_with,
)
from app.language.operators import FITTING
from app.language.resolve import Resolved
from app.language.schema import MEASURES, measures_in
from app.vocabulary.codes import Advice, Regime, Severity, SubjectKind
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Facts, Record, Value

RULES: Final = Path(__file__).parents[1] / "rules"
COUNTED: Final = measures_in({MEASURES: (RULES / MEASURES).read_text(encoding="utf-8")})
HERE: Final = Position("<generated>", 1, 1)
_MOSCOW = timezone(timedelta(hours=3))
POOLS: Final[Mapping[FieldType, Sequence[Any]]] = {
    FieldType.TEXT: ("", "A", "AB", "B1"),
    FieldType.BOOLEAN: (False, True),
    FieldType.NUMBER: (0, 1, 2, Decimal("1.0"), Decimal("1.5")),
    FieldType.DATE: (
        date(2023, 11, 30),
        date(2024, 1, 31),
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
        date(2025, 2, 28),
        date.max,
    ),
    FieldType.INSTANT: (
        datetime(2024, 2, 28, 23, 30, tzinfo=UTC),
        datetime(2024, 2, 29, 2, 30, tzinfo=_MOSCOW),
        datetime(2024, 2, 29, 0, 0, tzinfo=_MOSCOW),
        datetime(2024, 3, 1, 0, 0, tzinfo=UTC),
    ),
}
_OFFSETS: Final[Mapping[FieldType, Sequence[Offset | None]]] = {
    FieldType.DATE: (
        None,
        Offset(1),
        Offset(-3),
        Offset(12),
        Offset(1, timedelta(days=1)),
        Offset(0, -timedelta(days=1)),
    ),
    FieldType.INSTANT: (None, Offset(0, timedelta(hours=3)), Offset(0, -timedelta(days=1))),
}
_SETS: Final = {Operator.IN, Operator.NOT_IN, Operator.CONTAINS_ANY, Operator.CONTAINS_ALL}
_CONSTANT: Final = {Operator.CONTAINS, Operator.STARTS_WITH}
KINDS: Final = st.sampled_from(list(SubjectKind))


@cache
def askable(kind: SubjectKind) -> Mapping[str, Field]:
    """All fields a rule may ask: the catalogue's and the measures'."""
    return fields_with(COUNTED, kind)


def pool(field: Field) -> Sequence[Any]:
    """Values that are tried for a field; of a list of text, for its members."""
    return field.codes[:3] if field.codes else POOLS[FieldType.TEXT if field.type is FieldType.TEXTS else field.type]


# --- conditions ---------------------------------------------------------------------------------------------


def conditions(kind: SubjectKind, record: str | None = None, depth: int = 2) -> st.SearchStrategy[Condition]:
    """Resolved conditions; within a quantifier `record` is the list it looks at."""
    leaf: st.SearchStrategy[Condition] = st.sampled_from(_askable(kind, record)).flatmap(
        lambda field: leaves(kind, field)
    )
    if depth == 0:
        return leaf
    deeper = st.deferred(lambda: conditions(kind, record, depth - 1))
    several = st.lists(deeper, max_size=3).map(tuple)
    nested = [
        leaf,
        leaf,
        several.map(All),
        several.map(AnyOf),
        deeper.map(Not),
        deeper.map(lambda c: Named("shared", c)),
    ]
    if record is None:
        nested.append(quantified(kind))
    return st.one_of(nested)


def quantified(kind: SubjectKind) -> st.SearchStrategy[Condition]:
    """Conditions on some, every or none of a list of records."""
    lists = [field for field in askable(kind).values() if field.type is FieldType.RECORDS]
    return st.sampled_from(lists).flatmap(
        lambda field: st.builds(
            Quantified, st.just(field), st.sampled_from(Quantifier), conditions(kind, field.path, 1), st.just(HERE)
        )
    )


@st.composite
def leaves(draw: st.DrawFn, kind: SubjectKind, field: Field) -> Leaf:
    """Leaves on the field with any operator that fits it."""
    operator = draw(st.sampled_from(FITTING[field.type]))
    if operator is Operator.BETWEEN:
        first, last = draw(st.lists(st.sampled_from(pool(field)), min_size=2, max_size=2).map(sorted))
        return Leaf(field, operator, (Literal(first), Literal(last)), HERE)
    return Leaf(field, operator, (draw(_operands(kind, field, operator)),), HERE)


def _operands(kind: SubjectKind, field: Field, operator: Operator) -> st.SearchStrategy[Operand]:
    if operator in {Operator.PRESENT, Operator.EMPTY}:
        return st.booleans().map(Literal)
    if operator is Operator.MATCHES:
        return st.sampled_from(["", "A.*", "[A-Z][0-9]", "(A|B)+"]).map(Literal)
    constants = st.sampled_from(pool(field))
    if operator in _SETS:
        return st.frozensets(constants, max_size=3).map(Literal)
    if operator in _CONSTANT:
        return constants.map(Literal)
    others = [
        other
        for other in _askable(kind, field.record)
        if (other.type, other.unit) == (field.type, field.unit) and other.path != field.path
    ]
    if not others:
        return constants.map(Literal)
    offsets = st.sampled_from(_OFFSETS.get(field.type, (None,)))
    moved = st.builds(
        lambda other, offset: FieldOperand(other, offset, other.record is not None), st.sampled_from(others), offsets
    )
    return st.one_of(constants.map(Literal), constants.map(Literal), moved)


def _askable(kind: SubjectKind, record: str | None) -> list[Field]:
    """Fields a leaf can name: the event's and, in a quantifier, the record's own, which are asked more often."""
    fields = list(askable(kind).values())
    own = [field for field in fields if field.record == record and record is not None]
    return own * 5 + [field for field in fields if field.record is None]


# --- rules --------------------------------------------------------------------------------------------------


def resolved_rules(kind: SubjectKind) -> st.SearchStrategy[Resolved]:
    """Rules of a form authors write (when, unless; require, forbid), and of any other."""
    whole = conditions(kind)
    parts = st.lists(conditions(kind, depth=1), max_size=3).map(tuple)
    written = st.builds(lambda wanted, excluded: All((*wanted, Not(All(excluded)))), parts, parts)
    sides = st.one_of(parts.map(All), written, whole)
    return st.builds(lambda applies, holds: resolved(kind, applies, holds), sides, sides)


def resolved(kind: SubjectKind, applies: Condition, holds: Condition, name: str = "RUS-TEST-001") -> Resolved:
    """A rule with these two conditions and nothing else of interest."""
    version = Version(Period(), ("TEST",), applies, holds)
    rule = Rule(
        id=name,
        title={"en": name},
        regime=Regime.STAY,
        jurisdiction="RUS",
        applies_to=kind,
        status=Status.ACTIVE,
        owner="tests",
        severity=Severity.MINOR,
        advice=Advice.NOTE,
        review_by=date(2030, 1, 1),
        versions=(version,),
        file="<generated>",
    )
    return Resolved(rule, version, applies, holds)


def fields_of(*conditions: Condition) -> Iterator[Field]:
    """All fields the conditions read, lists of quantifiers and operands too."""
    for condition in conditions:
        match condition:
            case Leaf(field, _, operands):
                yield field
                yield from (operand.field for operand in operands if isinstance(operand, FieldOperand))
            case All(parts) | AnyOf(parts):
                yield from fields_of(*parts)
            case Not(part) | Named(_, part):
                yield from fields_of(part)
            case Quantified(field, _, part):
                yield field
                yield from fields_of(part)
            case _:
                assert_never(condition)


# --- facts --------------------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn, kind: SubjectKind, about: Sequence[Resolved] | None = None) -> Facts:
    """Facts with nothing unknown; if rules are given, on the fields they read only."""
    fields = _relevant(kind, about)
    facts: dict[str, Value] = {}
    # An object comes before its members, for it says whether there can be any.
    for field in sorted((field for field in fields.values() if field.record is None), key=lambda field: field.path):
        below_nothing = field.parent is not None and facts[field.parent] is None
        facts[field.path] = None if below_nothing else draw(_values(field, fields))
    return facts


def _values(field: Field, fields: Mapping[str, Field]) -> st.SearchStrategy[Value]:
    match field.type:
        case FieldType.RECORDS:
            own: dict[Any, st.SearchStrategy[Any]] = {
                each.path: _values(each, fields) for each in fields.values() if each.record == field.path
            }
            values: st.SearchStrategy[Value] = st.lists(st.fixed_dictionaries(own), max_size=2).map(tuple)
        case FieldType.TEXTS:
            values = st.lists(st.sampled_from(pool(field)), max_size=2).map(tuple)
        case FieldType.OBJECT:
            values = st.just(value=True)
        case _:
            values = st.sampled_from(pool(field))
    return st.one_of(values, values, st.none()) if field.nullable else values


def _relevant(kind: SubjectKind, about: Sequence[Resolved] | None) -> Mapping[str, Field]:
    fields = askable(kind)
    if about is None:
        return fields
    read = {field.path: field for rule in about for field in fields_of(rule.applies, rule.holds)}
    above = {parent: fields[parent] for field in read.values() if (parent := field.parent)}
    return read | above


@st.composite
def knowing_less(draw: st.DrawFn, kind: SubjectKind, world: Facts) -> Facts:
    """The same facts with some of those left out that an event may omit; what is below an omitted object goes too."""
    fields = askable(kind)
    omitted = draw(_omissions(fields, world))
    return {
        path: draw(_with_less(fields, value)) if isinstance(value, tuple) else value
        for path, value in world.items()
        if path not in omitted and fields[path].parent not in omitted
    }


def _with_less(fields: Mapping[str, Field], value: tuple[Any, ...]) -> st.SearchStrategy[Value]:
    if not value or isinstance(value[0], str):
        return st.just(value)
    return st.tuples(*(_without(fields, record) for record in value))


def _without(fields: Mapping[str, Field], record: Record) -> st.SearchStrategy[Record]:
    return _omissions(fields, record).map(
        lambda omitted: {path: value for path, value in record.items() if path not in omitted}
    )


def _omissions(fields: Mapping[str, Field], known: Mapping[str, Any]) -> st.SearchStrategy[set[str]]:
    optional = [path for path in known if not fields[path].always_known]
    return st.sets(st.sampled_from(optional)) if optional else st.just(set())


def facts(kind: SubjectKind, about: Sequence[Resolved] | None = None) -> st.SearchStrategy[Facts]:
    """Facts of which some are unknown."""
    return worlds(kind, about).flatmap(lambda world: knowing_less(kind, world))
