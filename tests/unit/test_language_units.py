"""Units convert exactly or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.units import UNITS, converted, convertible, quantity, unit_named

KNOWN = st.sampled_from(UNITS)


@given(st.integers(-(10**6), 10**6).map(Decimal), KNOWN, KNOWN)
def test_there_and_back_is_the_same_amount(number: Decimal, unit: str, other: str) -> None:
    there = converted(number, unit, other)
    if there is None:
        assert unit not in convertible(other) or converted(Decimal(1), unit, other) is None
    else:
        assert converted(there, other, unit) == number


@given(KNOWN, KNOWN)
def test_what_converts_one_way_measures_the_same(unit: str, other: str) -> None:
    assert (unit in convertible(other)) is (other in convertible(unit))


@pytest.mark.parametrize(
    ("text", "to", "amount"),
    [("40 t", "kg", "40000"), ("1.5t", "kg", "1500"), ("2 weeks", "days", "14"), ("18 months", "years", "1.5")],
)
def test_an_amount_is_turned_into_the_unit_of_the_field(text: str, to: str, amount: str) -> None:
    found = quantity(text)
    assert found is not None
    number, word = found
    unit = unit_named(word)
    assert unit is not None
    assert converted(number, unit, to) == Decimal(amount)


def test_days_are_no_hours_and_no_months() -> None:
    assert converted(Decimal(24), "hours", "days") is None
    assert converted(Decimal(30), "days", "months") is None
    assert convertible("days") == ("days", "weeks")


def test_seven_months_are_no_exact_number_of_years() -> None:
    assert converted(Decimal(7), "months", "years") is None
    assert unit_named("fortnight") is None
    assert quantity("many days") is None
