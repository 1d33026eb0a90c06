"""The state of a place of a voyage, by its code of IATA, ICAO or UN/LOCODE."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from app.vocabulary.countries import COUNTRIES
from app.vocabulary.data import read_table

_UN_LOCODE: Final = 5  # the state's two letters and three of the place
_STATES: Final = {country.iso2: iso3 for iso3, country in COUNTRIES.items()}


def state_of(place: str) -> str | None:
    """ISO 3166 alpha-3; None where it is not known, as of the code of a city with several airports."""
    return _STATES.get(place[:2]) if len(place) == _UN_LOCODE else _airports().get(place)


@cache
def _airports() -> Mapping[str, str]:
    """States by code; the seven thousand rows are read where lists are."""
    return {code: row["iso3"] for row in read_table("airports") for code in (row["iata"], row["icao"]) if code}
