"""Numbers of flights, voyages and trains, as they are compared."""

import re

_FLIGHT = re.compile(r"([A-Z0-9]{2}[A-Z]?)0*([1-9][0-9]{0,4}[A-Z]?)")


def normalised(number: str) -> str:
    """`UA0989` and `ua 989` are one flight: no spaces, capitals, no zeros before the number of a two-letter carrier."""
    plain = re.sub(r"[\s-]", "", number).upper()
    flight = _FLIGHT.fullmatch(plain)
    return "".join(flight.groups()) if flight else plain
