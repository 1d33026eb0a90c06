"""How far checkpoints lie from each other."""

from math import asin, cos, radians, sin, sqrt

from app.facts.reference_data import Checkpoint

_EARTH_KM = 6371.0088  # mean radius, as of IUGG


def distance_km(a: Checkpoint, b: Checkpoint) -> float | None:
    """Kilometres along the great circle; None if the coordinates of either are not known.

    The register has the coordinates of towns, so tens of kilometres mean nothing.
    """
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    chord = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))
