"""Numbers of voyages, as events and lists write them, and as they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vocabulary.voyages import flight, normalised


@pytest.mark.parametrize(
    ("written", "carrier", "compared"),
    [
        ("UA0989", "UA", "UA989"),
        ("ua 989", "UA", "UA989"),
        ("U6-0012a", "U6", "U612A"),
        ("CSN300", "CSN", "CSN300"),
        ("9W0001", "9W", "9W1"),
        ("12045", None, "12045"),
        ("004Ж", None, "004Ж"),
    ],
)
def test_a_flight_has_one_number_however_it_is_written(written: str, carrier: str | None, compared: str) -> None:
    assert flight(written) == (carrier, compared)


@given(st.text(max_size=64))
def test_a_compared_number_stays_as_it_is_and_fits_its_column(number: str) -> None:
    assert normalised(normalised(number)) == normalised(number)
    assert len(normalised(number)) <= 64
