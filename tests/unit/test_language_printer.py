"""The printer is the inverse of the parser."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.language.ir import (
    All,
    AnyOf,
    Condition,
    FieldOperand,
    Leaf,
    ListOperand,
    Literal,
    Named,
    NamedSet,
    Not,
    Offset,
    Operand,
    Operator,
    ParameterOperand,
    Position,
    Quantified,
    Quantifier,
)
from app.language.load import parse_condition
from app.language.operators import FITTING
from app.language.printer import condition_text, leaf_text
from app.vocabulary.codes import SubjectKind
from app.vocabulary.countries import ISO3
from app.vocabulary.fields import Field, FieldType, catalogue

AT = Position("<test>", 1, 1)
KIND = SubjectKind.INDIVIDUAL
FIELDS = catalogue(KIND)
SHARED = {"by_road": Leaf(FIELDS["crossing.mode"], Operator.IS, (Literal("road"),), AT)}
LISTS = {
    "states": NamedSet("states", {}, "country", {"RUS": ()}),
    "texts": NamedSet("texts", {}, "text", {"a": ()}),
}
SETS = {Operator.IN, Operator.NOT_IN, Operator.CONTAINS_ANY, Operator.CONTAINS_ALL}
MOVED = {FieldType.DATE, FieldType.INSTANT}


def constants(field: Field) -> st.SearchStrategy[Literal]:
    match field.type:
        case FieldType.BOOLEAN:
            return st.booleans().map(Literal)
        case FieldType.NUMBER:
            return st.one_of(st.integers(-(10**9), 10**9), st.decimals(-1000, 1000, places=3).filter(_is_fraction)).map(
                Literal
            )
        case FieldType.DATE:
            return st.dates().map(Literal)
        case FieldType.INSTANT:
            return st.datetimes(timezones=st.just(UTC)).map(Literal)
        case _ if field.codes:
            return st.sampled_from(field.codes).map(Literal)
        case _:
            return st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])).map(Literal)


def _is_fraction(number: Decimal) -> bool:
    return number != number.to_integral_value()


@st.composite
def operands(draw: st.DrawFn, field: Field, operator: Operator, record: str | None) -> tuple[Operand, ...]:
    match operator:
        case Operator.PRESENT | Operator.EMPTY:
            return (Literal(draw(st.booleans())),)
        case Operator.MATCHES:
            return (Literal(draw(st.sampled_from(["[A-Z]+", "a|b", ".*"]))),)
        case Operator.BETWEEN:
            low, high = draw(constants(field)), draw(constants(field))
            return (low, high) if low.value <= high.value else (high, low)  # type: ignore[operator] # of one type
        case _ if operator in SETS:
            return (draw(_set(field)),)
        case _:
            return (draw(st.one_of(constants(field), _other(field, record))),)


def _set(field: Field) -> st.SearchStrategy[Operand]:
    literals = st.lists(constants(field), min_size=1, max_size=3).map(_together)
    if field.type not in {FieldType.TEXT, FieldType.CODE, FieldType.TEXTS}:
        return literals
    if field.codes is None:
        return st.one_of(literals, st.just(ListOperand("texts")))
    return st.one_of(literals, st.just(ListOperand("states"))) if ISO3.issubset(field.codes) else literals


def _together(literals: list[Literal]) -> Literal:
    return Literal(frozenset(each.value for each in literals if not isinstance(each.value, frozenset)))


def _other(field: Field, record: str | None) -> st.SearchStrategy[Operand]:
    same = [each for each in FIELDS.values() if _alike(each, field) and each.record in {None, record}]
    if not same:
        return st.just(ParameterOperand("unchecked"))
    offsets: st.SearchStrategy[Offset | None] = st.none()
    if field.type in MOVED:
        months = st.integers(0, 40) if field.type is FieldType.DATE else st.just(0)
        step = timedelta(days=1) if field.type is FieldType.DATE else timedelta(minutes=1)
        sizes = st.tuples(months, st.integers(0, 5000), st.sampled_from([1, -1]))
        offsets = st.none() | sizes.map(lambda size: Offset(size[2] * size[0], size[2] * size[1] * step))
    fields = st.sampled_from(same)
    return st.builds(lambda other, offset: FieldOperand(other, offset, other.record is not None), fields, offsets)


def _alike(other: Field, field: Field) -> bool:
    wanted = field.type
    if wanted is FieldType.TEXTS:
        wanted = FieldType.CODE if field.codes else FieldType.TEXT
    codes = not (field.codes and other.codes) or bool(set(field.codes) & set(other.codes))
    return other.type is wanted and other.unit == field.unit and codes


@st.composite
def leaves(draw: st.DrawFn, record: str | None = None) -> Leaf:
    fields = [
        each for each in FIELDS.values() if each.record in {None, record} and not each.path.startswith("findings")
    ]
    field = draw(st.sampled_from(fields))
    operator = draw(st.sampled_from(FITTING[field.type]))
    return Leaf(field, operator, draw(operands(field, operator, record)), AT)


@st.composite
def quantified(draw: st.DrawFn) -> Quantified:
    field = FIELDS[draw(st.sampled_from(["permits", "cargo", "observations"]))]
    return Quantified(field, draw(st.sampled_from(Quantifier)), draw(trees(leaves(field.path))), AT)


def trees(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def above(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(inner.map(Not), several.map(All), several.map(AnyOf))

    return st.recursive(parts | st.just(Named("by_road", SHARED["by_road"])), above, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(trees(leaves() | quantified()))
def test_what_is_printed_parses_to_the_same_condition(condition: Condition) -> None:
    printed = condition_text(condition)
    parsed, diagnostics = parse_condition(printed, KIND, lists=LISTS, definitions=SHARED)
    assert diagnostics == (), printed
    assert parsed == condition


def leaf(text: str) -> Leaf:
    parsed, diagnostics = parse_condition(text, KIND)
    assert isinstance(parsed, Leaf), diagnostics
    return parsed


def test_a_leaf_reads_as_one_line() -> None:
    moved = leaf("document.expires_on: {on_or_after: {field: crossing.date, plus: 3 months}}")
    assert leaf_text(moved) == "document.expires_on on_or_after crossing.date + 3 months"
    assert leaf_text(leaf("document.kind: [passport, identity_card]")) == "document.kind in [identity_card, passport]"
    assert leaf_text(leaf("subject.age_years: {between: [14, 18]}")) == "subject.age_years between 14 and 18"
    assert leaf_text(leaf('crossing.area: "two words"')) == 'crossing.area is "two words"'
    assert leaf_text(leaf("visa: {present: false}")) == "visa present false"


def test_an_offset_that_was_not_written_is_put_into_words() -> None:
    offset = Offset(-14, -timedelta(days=8))
    operand = FieldOperand(FIELDS["crossing.date"], offset)
    condition = Leaf(FIELDS["document.issued_on"], Operator.AFTER, (operand,), AT)
    assert leaf_text(condition) == "document.issued_on after crossing.date - 1 year 2 months 1 week 1 day"


def test_instants_are_kept_in_utc_so_that_one_instant_is_one_constant() -> None:
    here = leaf("crossing.occurred_at: {after: 2026-03-01T09:00:00+09:00}")
    assert here == leaf("crossing.occurred_at: {after: 2026-03-01T00:00:00Z}")
    assert here.operands == (Literal(datetime(2026, 3, 1, tzinfo=UTC)),)
    assert leaf("crossing.date: 2026-03-01").operands == (Literal(date(2026, 3, 1)),)
