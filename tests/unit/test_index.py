"""The index where its short cuts could go wrong. That it agrees with the reference at all is law 5 (conformance)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.backends import reference
from app.backends.index import Index, Judgement, positions
from app.language.ir import (
    All,
    AnyOf,
    Condition,
    FieldOperand,
    Leaf,
    Literal,
    Named,
    Not,
    Operator,
    Quantified,
    Quantifier,
)
from app.language.resolve import Resolved
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.fields import catalogue
from app.vocabulary.values import Facts
from tests import strategies
from tests.conformance.backends import by_index, by_reference

FIELDS: Final = catalogue(SubjectKind.INDIVIDUAL)
TRUE: Final = All(())
FALSE: Final = AnyOf(())


def leaf(path: str, operator: Operator, *values: Any) -> Leaf:  # noqa: ANN401 (any constant)
    return Leaf(FIELDS[path], operator, tuple(Literal(value) for value in values), strategies.HERE)


def rule(applies: Condition = TRUE, holds: Condition = TRUE) -> Resolved:
    return strategies.resolved(SubjectKind.INDIVIDUAL, applies, holds)


def agreed(rules: Sequence[Resolved], facts: Facts) -> list[Verdict]:
    verdicts = by_index(rules, facts)
    assert verdicts == by_reference(rules, facts)
    return verdicts


DRIVER: Final = leaf("subject.role", Operator.IS, "driver")
ADULT: Final = leaf("subject.age_years", Operator.AT_LEAST, 18)
ENTRY: Final = leaf("crossing.direction", Operator.IS, "entry")
PASS: Final = Quantified(
    FIELDS["permits"], Quantifier.SOME, leaf("permits.kind", Operator.IS, "zone_pass"), strategies.HERE
)


def test_an_index_of_no_rules_judges_nothing() -> None:
    assert Index([]).judge({"subject.role": "driver"}) == Judgement(0, 0, 0)


def test_positions_are_those_of_the_bits_lowest_first() -> None:
    assert list(positions(0)) == []
    assert list(positions(1 << 1000 | 0b1101)) == [0, 2, 3, 1000]


@pytest.mark.parametrize(
    ("applies", "holds", "verdict"),
    [
        (TRUE, TRUE, Verdict.COMPLIANT),
        (TRUE, FALSE, Verdict.VIOLATED),
        (TRUE, Not(TRUE), Verdict.VIOLATED),
        (TRUE, Not(FALSE), Verdict.COMPLIANT),
        (FALSE, FALSE, Verdict.NOT_APPLICABLE),
        (All((TRUE, Not(TRUE))), TRUE, Verdict.NOT_APPLICABLE),
        (AnyOf((FALSE, TRUE)), All((Not(FALSE), Not(FALSE), FALSE)), Verdict.VIOLATED),
    ],
)
def test_conditions_that_ask_nothing_are_judged_too(applies: Condition, holds: Condition, verdict: Verdict) -> None:
    assert agreed([rule(applies, holds)], {}) == [verdict]


@pytest.mark.parametrize("operator", [Operator.BELOW, Operator.AT_MOST, Operator.ABOVE, Operator.AT_LEAST])
@pytest.mark.parametrize("value", [0, 17, Decimal("17.99"), 18, Decimal("18.00"), Decimal("18.01"), 19, 90])
def test_a_range_is_judged_on_and_on_both_sides_of_its_bound(operator: Operator, value: int | Decimal) -> None:
    bounds = [18, Decimal(18), 19, 0]
    agreed([rule(holds=leaf("subject.age_years", operator, bound)) for bound in bounds], {"subject.age_years": value})


@pytest.mark.parametrize("day", [date.min, date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date.max])
def test_a_period_includes_its_leap_day_and_both_ends(day: date) -> None:
    ends = date(2024, 2, 29), date(2024, 2, 29)
    rules = [
        rule(holds=leaf("document.expires_on", Operator.BETWEEN, *ends)),
        rule(holds=Not(leaf("document.expires_on", Operator.BETWEEN, *ends))),
        rule(holds=leaf("document.expires_on", Operator.IS_NOT, ends[0])),
    ]
    inside = day == ends[0]
    assert [each is Verdict.COMPLIANT for each in agreed(rules, {"document.expires_on": day})] == [
        inside,
        not inside,
        not inside,
    ]


def test_equal_instants_in_different_offsets_are_one() -> None:
    moment = datetime(2024, 2, 29, 0, 0, tzinfo=UTC)
    there = moment.astimezone(timezone(timedelta(hours=9)))
    rules = [
        rule(holds=leaf("crossing.occurred_at", operator, moment))
        for operator in (Operator.IS, Operator.IS_NOT, Operator.BEFORE, Operator.ON_OR_AFTER)
    ]
    assert agreed(rules, {"crossing.occurred_at": there}) == agreed(rules, {"crossing.occurred_at": moment})


def test_the_hour_a_clock_repeats_is_not_mistaken_for_its_first_pass() -> None:
    first = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Warsaw"))
    second = first.replace(fold=1)
    index = Index([rule(holds=leaf("crossing.occurred_at", Operator.BEFORE, datetime(2024, 10, 27, 1, 0, tzinfo=UTC)))])
    assert [index.judge({"crossing.occurred_at": each}).compliant for each in (first, second)] == [1, 0]


@pytest.mark.parametrize("facts", [{}, {"document.expires_on": None}])
def test_unknown_leaves_open_what_none_decides(facts: Facts) -> None:
    expires = FIELDS["document.expires_on"]
    rules = [
        rule(holds=Leaf(expires, operator, (Literal(date(2024, 2, 29)),), strategies.HERE))
        for operator in (Operator.BEFORE, Operator.IS, Operator.IS_NOT)
    ]
    rules.append(rule(holds=Leaf(expires, Operator.PRESENT, (Literal(value=False),), strategies.HERE)))
    expected = [Verdict.VIOLATED, Verdict.VIOLATED, Verdict.COMPLIANT, Verdict.COMPLIANT]
    assert agreed(rules, facts) == (expected if facts else [Verdict.UNDETERMINED] * 4)


def test_a_disjunction_on_one_field_is_unknown_where_the_field_is() -> None:
    either = AnyOf((leaf("subject.age_years", Operator.BELOW, 18), ADULT))
    assert agreed([rule(holds=either)], {}) == [Verdict.UNDETERMINED]
    assert agreed([rule(holds=either)], {"subject.age_years": 18}) == [Verdict.COMPLIANT]


def test_an_exception_frees_only_if_all_of_it_is_true() -> None:
    excepted = rule(All((ENTRY, Not(All((DRIVER, ADULT))))), FALSE)
    facts: Facts = {"crossing.direction": "entry", "subject.role": "driver"}
    assert agreed([excepted], facts) == [Verdict.UNDETERMINED]
    assert agreed([excepted], {**facts, "subject.age_years": 18}) == [Verdict.NOT_APPLICABLE]
    assert agreed([excepted], {**facts, "subject.age_years": 17}) == [Verdict.VIOLATED]
    assert agreed([excepted], {"crossing.direction": "entry", "subject.role": "crew"}) == [Verdict.VIOLATED]


def test_what_is_forbidden_together_is_allowed_apart() -> None:
    forbidden = rule(ENTRY, All((PASS, Not(All((DRIVER, ADULT))))))
    facts: Facts = {
        "crossing.direction": "entry",
        "subject.role": "driver",
        "permits": ({"permits.kind": "zone_pass"},),
    }
    assert agreed([forbidden], {**facts, "subject.age_years": 17}) == [Verdict.COMPLIANT]
    assert agreed([forbidden], {**facts, "subject.age_years": 18}) == [Verdict.VIOLATED]
    assert agreed([forbidden], {**facts, "subject.age_years": 17, "permits": None}) == [Verdict.VIOLATED]


@pytest.mark.parametrize("quantifier", list(Quantifier))
@pytest.mark.parametrize("permits", [None, (), ({},), ({"permits.kind": "zone_pass"}, {}), ({"permits.kind": "x"},)])
def test_quantifiers_see_records_of_which_parts_are_unknown(quantifier: Quantifier, permits: Any) -> None:  # noqa: ANN401 (a value of a fact)
    asked = Quantified(FIELDS["permits"], quantifier, PASS.part, strategies.HERE)
    agreed([rule(asked), rule(DRIVER, asked), rule(holds=Not(asked))], {"permits": permits, "subject.role": "driver"})
    agreed([rule(asked), rule(holds=Named("permitted", asked))], {})


def test_a_slow_condition_that_rules_share_settles_all_of_them() -> None:
    moved = Leaf(
        FIELDS["visa.valid_from"], Operator.AFTER, (FieldOperand(FIELDS["visa.valid_until"]),), strategies.HERE
    )
    rules = [rule(moved), rule(holds=moved), rule(moved, PASS), rule(All((DRIVER, moved)), Not(PASS))]
    dates: Facts = {"visa.valid_from": date(2024, 3, 1), "visa.valid_until": date(2024, 2, 29)}
    for facts in ({}, dates, {**dates, "permits": ()}, {**dates, "subject.role": "crew"}):
        agreed(rules, facts)


def test_more_values_than_are_remembered_are_still_judged_right() -> None:
    index = Index([rule(holds=leaf("vehicle.gross_weight_kg", Operator.AT_MOST, 40_000))])
    compliant = [index.judge({"vehicle.gross_weight_kg": weight}).compliant for weight in range(38_000, 42_000)]
    assert compliant == [1] * 2001 + [0] * 1999


def nearby(value: Any) -> list[Any]:  # noqa: ANN401 (any value of a field)
    """The value and what lies closely on both sides of it."""
    match value:
        case bool():
            return [value]
        case int() | Decimal():
            return [value - 1, value - Decimal("0.01"), value, value + Decimal("0.01")]
        case datetime():
            return [value - timedelta(seconds=1), value, value + timedelta(seconds=1)]
        case date():
            return [value - timedelta(days=1), value, min(value, date(9999, 12, 30)) + timedelta(days=1)]
        case _:
            return [value, f"{value}0", f"{value}Z"]


@settings(max_examples=60)
@given(st.data())
def test_a_column_answers_for_every_value_in_any_order(data: st.DataObject) -> None:
    kind = data.draw(strategies.KINDS)
    fields = [each for each in catalogue(kind).values() if each.record is None and each.type in strategies.POOLS]
    field = data.draw(st.sampled_from(fields))
    rules = [rule(holds=each) for each in data.draw(st.lists(strategies.leaves(kind, field), min_size=1, max_size=6))]
    values = [each for value in strategies.pool(field) for each in nearby(value)]
    index = Index(rules)
    for value in data.draw(st.permutations([None, *values])):
        facts: Facts = {field.path: value}
        compliant = [reference.verdict(each, facts) is Verdict.COMPLIANT for each in rules]
        assert [position in set(positions(index.judge(facts).compliant)) for position in range(len(rules))] == compliant


@settings(max_examples=50)
@given(st.data())
def test_an_index_answers_alike_whatever_it_was_asked_before(data: st.DataObject) -> None:
    kind = data.draw(strategies.KINDS)
    rules = data.draw(st.lists(strategies.resolved_rules(kind), min_size=1, max_size=3))
    events = data.draw(st.lists(strategies.facts(kind, rules), min_size=2, max_size=3))
    index = Index(rules)
    for facts in (*events, *events):
        judged = index.judge(facts)
        assert judged == Index(rules).judge(facts)
        undetermined = [reference.verdict(each, facts) is Verdict.UNDETERMINED for each in rules]
        assert [position in set(positions(judged.undetermined)) for position in range(len(rules))] == undetermined
