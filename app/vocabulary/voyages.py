"""Numbers of flights, voyages and trains, as they are compared."""

import re
from typing import Final

_FLIGHT: Final = re.compile(r"([A-Z][A-Z0-9]|[0-9][A-Z]|[A-Z]{3})0*([0-9]{1,4}[A-Z]?)")
_LONGEST: Final = 64


def flight(number: str) -> tuple[str | None, str]:
    """The carrier, None for a number that is none of a flight, and the number as it is compared.

    `UA0989` and `ua 989` are one flight: no spaces, capitals, no zeros after the carrier.
    """
    plain = re.sub(r"[\s-]", "", number).upper()[:_LONGEST]
    found = _FLIGHT.fullmatch(plain)
    return (found[1], found[1] + found[2]) if found else (None, plain)


def normalised(number: str) -> str:
    """The number as it is compared."""
    return flight(number)[1]
