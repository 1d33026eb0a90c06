"""What a requirement allows a number of days to be at most: examples, and laws against trying each number."""

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.ceilings import ceilings
from app.language.evaluate import truth
from app.language.ir import (
    All,
    AnyOf,
    Condition,
    FieldOperand,
    Leaf,
    Literal,
    Named,
    Not,
    Operand,
    Operator,
    Quantified,
    Quantifier,
)
from app.language.truth import Truth
from app.vocabulary.codes import SubjectKind
from app.vocabulary.values import Facts
from tests.strategies import HERE, askable

FIELDS: Final = askable(SubjectKind.INDIVIDUAL)
DAYS: Final = "stay.days_in_60"
OTHER: Final = "stay.continuous_days"
FREE: Final = "subject.visa_free_days"
MOST: Final = 12


def leaf(path: str, operator: Operator, *operands: Any) -> Leaf:  # noqa: ANN401 (any constant, or an operand)
    made = tuple(each if isinstance(each, FieldOperand) else Literal(each) for each in operands)
    return Leaf(FIELDS[path], operator, made, HERE)


def at_most(days: int, path: str = DAYS) -> Leaf:
    return leaf(path, Operator.AT_MOST, days)


HOLDS: Final = leaf("subject.accompanied", Operator.IS, True)
ALONE: Final[Facts] = {"subject.accompanied": False}
ACCOMPANIED: Final[Facts] = {"subject.accompanied": True}
FREE_DAYS: Final = leaf(DAYS, Operator.AT_MOST, FieldOperand(FIELDS[FREE]))
TOO_LONG: Final = leaf(DAYS, Operator.ABOVE, 7)


def told(condition: Condition, facts: Facts) -> dict[int, bool]:
    return ceilings(condition, DAYS, facts, MOST)


@pytest.mark.parametrize(
    ("condition", "known", "expected"),
    [
        (at_most(7), {}, {7: True}),
        (All((at_most(7), HOLDS)), ALONE, {7: True}),
        (All((at_most(7), at_most(9))), {}, {7: True}),
        (Named("short", All((HOLDS, at_most(7)))), {}, {7: True}),
        (AnyOf((at_most(3), at_most(9))), {}, {9: True}),
        (AnyOf((at_most(7), HOLDS)), ALONE, {7: True}),
        (AnyOf((at_most(7), HOLDS)), {}, {7: False}),
        (AnyOf((at_most(7), HOLDS)), ACCOMPANIED, {}),
        (AnyOf((at_most(3), All((at_most(9), HOLDS)))), {}, {9: True, 3: False}),
        (AnyOf((at_most(3), All((at_most(9), HOLDS)))), ACCOMPANIED, {9: True}),
        (AnyOf((at_most(3), All((at_most(9), HOLDS)))), ALONE, {3: True}),
        (AnyOf((leaf("visa.issuer", Operator.IS, "RUS"), All((at_most(7), HOLDS)))), {}, {7: False}),
        (AnyOf((at_most(3), FREE_DAYS)), {}, {3: False}),
        (AnyOf((at_most(3), at_most(9, OTHER))), {}, {3: False}),
        (Not(at_most(7)), {}, {}),
        (Not(TOO_LONG), {}, {7: True}),
        (Not(AnyOf((TOO_LONG, HOLDS))), {}, {7: True}),
        (Not(All((TOO_LONG, HOLDS))), {}, {7: False}),
        (Not(All((TOO_LONG, HOLDS))), ALONE, {}),
        (Not(Named("long", Not(Named("short", at_most(7))))), {}, {7: True}),
        (leaf(DAYS, Operator.BELOW, Decimal("6.5")), {}, {6: True}),
        (leaf(FREE, Operator.AT_LEAST, FieldOperand(FIELDS[DAYS])), {}, {}),
        (leaf(DAYS, Operator.AT_LEAST, 3), {}, {}),
        (leaf(DAYS, Operator.BETWEEN, 3, 7), {}, {}),
        (leaf(DAYS, Operator.BETWEEN, 0, 7), {}, {7: True}),
        (AnyOf((HOLDS, All((at_most(7), leaf(DAYS, Operator.AT_LEAST, 3))))), ALONE, {7: True}),
        (at_most(MOST), {}, {}),
        (at_most(-1), {}, {}),
        (HOLDS, ALONE, {}),
    ],
)
def test_a_number_is_a_limit_where_nothing_else_meets_the_requirement(
    condition: Condition, known: Facts, expected: dict[int, bool]
) -> None:
    assert told(condition, known) == expected


def test_the_limit_may_stand_in_another_fact_and_on_either_side() -> None:
    facts: Facts = {FREE: Decimal(9)}
    assert ceilings(AnyOf((at_most(3), FREE_DAYS)), DAYS, facts, MOST) == {9: True}
    other_side = leaf(FREE, Operator.AT_LEAST, FieldOperand(FIELDS[DAYS]))
    assert ceilings(other_side, DAYS, facts, MOST) == {9: True}


# --- laws ---------------------------------------------------------------------------------------------------

_numbers = st.integers(-1, MOST + 2) | st.decimals(0, MOST, places=1)
_operand: st.SearchStrategy[Operand] = _numbers.map(Literal) | st.just(FieldOperand(FIELDS[FREE]))
_others = st.one_of(
    st.just(HOLDS),
    st.sampled_from(["KAZ", "RUS"]).map(lambda state: leaf("visa.issuer", Operator.IS, state)),
    st.integers(0, MOST).map(lambda days: at_most(days, OTHER)),
    st.sampled_from(Quantifier).map(
        lambda quantifier: Quantified(FIELDS["permits"], quantifier, leaf("permits.issuer", Operator.IS, "KAZ"), HERE)
    ),
)
_facts: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    {},
    optional={
        "subject.accompanied": st.sampled_from([None, False, True]),
        "visa.issuer": st.sampled_from([None, "KAZ", "RUS"]),
        FREE: st.none() | st.integers(0, MOST),
        OTHER: st.integers(0, MOST),
        "permits": st.sampled_from([(), ({"permits.issuer": "KAZ"},), ({"permits.issuer": "RUS"}, {})]),
        DAYS: st.integers(0, MOST),
    },
)


def _leaves(*operators: Operator) -> st.SearchStrategy[Condition]:
    return st.builds(
        lambda operator, operand: Leaf(FIELDS[DAYS], operator, (operand,), HERE), st.sampled_from(operators), _operand
    )


def _trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def deeper(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, max_size=3).map(tuple)
        return several.map(All) | several.map(AnyOf) | inner.map(lambda each: Named("shared", each))

    return st.recursive(leaves, deeper, max_leaves=8)


_fewer = _leaves(Operator.AT_MOST, Operator.BELOW) | _leaves(Operator.ABOVE, Operator.AT_LEAST).map(Not)
_more = _leaves(Operator.AT_LEAST, Operator.ABOVE, Operator.IS, Operator.IS_NOT)
# Fewer days never make these worse: each leaf over days asks for few of them, or is negated once more.
FALLING: Final = _trees(_fewer | _others | _others.map(Not) | _trees(_fewer.map(Not) | _others).map(Not))
ANY: Final = _trees(_fewer | _more | _others | _trees(_fewer | _more | _others).map(Not))


def truths(condition: Condition, facts: Facts) -> list[Truth]:
    return [truth(condition, {**facts, DAYS: days}) for days in range(MOST + 1)]


@given(ANY, _facts)
def test_beyond_a_certain_limit_a_requirement_is_never_met_and_beyond_an_uncertain_one_not_as_far_as_is_known(
    condition: Condition, facts: Facts
) -> None:
    found = truths(condition, facts)
    for most, certain in ceilings(condition, DAYS, facts, MOST).items():
        assert 0 <= most < MOST
        assert all(each is Truth.FALSE if certain else each is not Truth.TRUE for each in found[most + 1 :])


@given(FALLING, _facts)
def test_a_certain_limit_is_exceeded_if_and_only_if_the_days_break_the_requirement(
    condition: Condition, facts: Facts
) -> None:
    found = truths(condition, facts)
    limits = [most for most, certain in ceilings(condition, DAYS, facts, MOST).items() if certain]
    if found[0] is not Truth.FALSE:  # else it is broken whatever the days
        assert [any(days > most for most in limits) for days in range(MOST + 1)] == [
            each is Truth.FALSE for each in found
        ]


@given(FALLING, _facts, _facts)
def test_what_is_certain_stays_so_when_more_becomes_known(condition: Condition, facts: Facts, more: Facts) -> None:
    """A certain limit gives way only to a smaller one; where none was possible, there never is one."""
    before = ceilings(condition, DAYS, facts, MOST)
    after = ceilings(condition, DAYS, {**more, **facts}, MOST)
    found = truths(condition, facts)
    if found[0] is Truth.TRUE:
        smallest = min((most for most, certain in after.items() if certain), default=MOST)
        assert all(smallest <= most for most, certain in before.items() if certain)
    if found[-1] is Truth.TRUE:
        assert after == before == {}
