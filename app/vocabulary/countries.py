"""Codes of states and other issuers of travel documents: ISO 3166-1 alpha-3, ICAO Doc 9303-3 section 5."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.vocabulary.data import read_table

# Not a state: the jurisdiction of the Schengen states, and the dated list of them.
SCHENGEN, SCHENGEN_STATES = "EUE", "schengen_states"


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory of ISO 3166-1; `distinguishing_sign` is that on vehicles, or None."""

    iso3: str
    iso2: str
    name_en: str
    name_ru: str
    distinguishing_sign: str | None


def _country(row: Mapping[str, str]) -> Country:
    sign = row["distinguishing_sign"] or None
    return Country(row["iso3"], row["iso2"], row["name_en"], row["name_ru"], sign)


COUNTRIES: Mapping[str, Country] = MappingProxyType({row["iso3"]: _country(row) for row in read_table("countries")})
ICAO_MEANINGS: Mapping[str, str] = MappingProxyType({row["code"]: row["meaning"] for row in read_table("icao_codes")})

ISO3: frozenset[str] = frozenset(COUNTRIES)
ICAO_CODES: frozenset[str] = frozenset(ICAO_MEANINGS)
STATE_CODES: frozenset[str] = ISO3 | ICAO_CODES


def normalise(code: str) -> str:
    """Return the three-letter code of a printed one: Germany prints `D`; every other code stays as it is."""
    return "DEU" if code == "D" else code


def name(code: str) -> str | None:
    """Return the English name of a country, or the meaning of an ICAO code; None for an unknown code."""
    country = COUNTRIES.get(code)
    return ICAO_MEANINGS.get(code) if country is None else country.name_en
