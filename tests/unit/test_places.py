import pytest

from app.vocabulary.countries import ISO3
from app.vocabulary.data import read_table
from app.vocabulary.places import state_of


@pytest.mark.parametrize(
    ("place", "state"),
    [
        ("SVO", "RUS"),
        ("UUEE", "RUS"),
        ("ALA", "KAZ"),
        ("KZALA", "KAZ"),
        ("RUALA", "RUS"),
        ("HKG", "HKG"),
        ("MOW", None),  # Moscow, with four airports
        ("XZABC", None),  # UN/LOCODE of the high seas
        ("PRN", None),  # Kosovo, which has no code of ISO 3166
        ("SIP", None),  # whose border is there is in dispute
        ("UKFF", None),
        ("ZZZZ", None),
        ("", None),
    ],
)
def test_the_state_of_a_place_is_known_or_not(place: str, state: str | None) -> None:
    assert state_of(place) == state


def test_no_code_of_an_airport_stands_for_two() -> None:
    rows = read_table("airports")
    for name, letters in (("iata", 3), ("icao", 4)):
        codes = [row[name] for row in rows if row[name]]
        assert len(codes) == len(set(codes)) > 7000
        assert {len(code) for code in codes} == {letters}
    assert {row["iso3"] for row in rows} <= ISO3
