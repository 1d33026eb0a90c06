"""Distances along the great circle."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.geography import distance_km
from app.facts.reference_data import CHECKPOINTS, Checkpoint, parse
from app.language.ir import Period

RULES = Path(__file__).parents[2] / "rules"
degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def at(latitude: float | None, longitude: float | None) -> Checkpoint:
    always, zone = Period(date.min, date.max), ZoneInfo("UTC")
    return Checkpoint("RUS-A", "A", "RUS", None, ("air",), None, always, zone, latitude, longitude)


@pytest.mark.parametrize(
    ("a", "b", "kilometres"),
    [
        ((55.7505, 37.6175), (59.9387, 30.3162), 634),  # Moscow, Saint Petersburg
        ((36.12, -86.67), (33.94, -118.40), 2887),  # Nashville and Los Angeles airports, the usual example
        ((0, 0), (0, 180), 20015),  # half the equator
        ((90, 0), (-90, 45), 20015),  # pole to pole
        ((65, 179.9), (65, -179.9), 9.4),  # across the antimeridian
    ],
)
def test_known_distances_come_out(a: tuple[float, float], b: tuple[float, float], kilometres: float) -> None:
    assert distance_km(at(*a), at(*b)) == pytest.approx(kilometres, rel=0.003)


@given(degrees, degrees)
def test_it_is_as_far_there_as_back_and_never_over_half_the_earth(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    there, back = distance_km(at(*a), at(*b)), distance_km(at(*b), at(*a))
    assert there is not None
    assert there == pytest.approx(back, abs=0.01)
    assert 0 <= there < 20016


def test_without_coordinates_no_distance_is_known() -> None:
    assert distance_km(at(None, None), at(1, 2)) is None
    assert distance_km(at(1, 2), at(None, None)) is None


def test_neighbours_over_the_border_lie_close_together() -> None:
    data, _ = parse({CHECKPOINTS: (RULES / CHECKPOINTS).read_text(encoding="utf-8")})
    found = data.checkpoints
    for a, b in (
        ("RUS-BLAGOVESHCHENSK-1", "CHN-HEIHE"),
        ("IND-ATTARI", "PAK-WAGAH"),
        ("RUS-NAUSHKI", "MNG-ALTANBULAG"),
    ):
        distance = distance_km(found[a], found[b])
        assert distance is not None
        assert distance < 40
