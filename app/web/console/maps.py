"""A map of places as SVG: projected here, without tiles or scripts, over outlines that ship with the package.

The projection is Lambert's azimuthal one of equal areas (J. P. Snyder, Map Projections, USGS 1395, eq. 22-4, 24-2),
around the middle of Eurasia; one unit is about 6.4 km.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import cos, radians, sin, sqrt
from typing import Final

_CENTRE: Final = (radians(70), radians(52))
_SCALE: Final = 1000.0
# Farther away the outlines would be torn.
_FAR: Final = 0.15
_MARGIN: Final = 60.0
_LEAST: Final = 260.0
_SHAPE: Final = 0.55
_LARGEST_DOT: Final = 0.028
_SMALLEST_DOT: Final = 0.007


@dataclass(frozen=True, slots=True)
class Dot:
    """A place on the map: the larger, the more there is of it. Its name is to stand on its right, or else its left."""

    name: str
    value: int
    x: float
    y: float
    radius: float
    on_right: bool


@dataclass(frozen=True, slots=True)
class Map:
    """What is drawn: the frame as an SVG `viewBox`, the land as one path, the places; text of a fitting size."""

    frame: str
    land: str
    dots: tuple[Dot, ...]
    text: float


def drawn(places: Iterable[tuple[str, float, float, int]]) -> Map | None:
    """Places by name, latitude, longitude and value; None where there are none to draw."""
    found = [(name, value, at) for name, latitude, longitude, value in places if (at := _at(longitude, latitude))]
    if not found:
        return None
    left, top, width, height = _frame([at for _, _, at in found])
    most = max(value for _, value, _ in found)
    dots = (
        Dot(name, value, round(x, 1), round(y, 1), round(width * _radius(value, most), 2), x < left + width / 2)
        for name, value, (x, y) in found
    )
    frame = f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}"
    # The largest first, so that none is hidden.
    return Map(frame, _land(), tuple(sorted(dots, key=lambda dot: -dot.radius)), round(width / 55, 1))


def _radius(value: int, most: int) -> float:
    return _SMALLEST_DOT + (_LARGEST_DOT - _SMALLEST_DOT) * sqrt(value / most if most else 0)


def _frame(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Around all points, of one shape however they lie."""
    xs, ys = zip(*points, strict=True)
    width = max(max(xs) - min(xs) + 2 * _MARGIN, (max(ys) - min(ys) + 2 * _MARGIN) / _SHAPE, _LEAST)
    height = width * _SHAPE
    return (min(xs) + max(xs) - width) / 2, (min(ys) + max(ys) - height) / 2, width, height


def _at(longitude: float, latitude: float) -> tuple[float, float] | None:
    """Where a place lies, y downwards; None on the far side of the Earth."""
    parallel, away, high = _CENTRE[1], radians(longitude) - _CENTRE[0], radians(latitude)
    facing = 1 + sin(parallel) * sin(high) + cos(parallel) * cos(high) * cos(away)
    if facing < _FAR:
        return None
    k = _SCALE * sqrt(2 / facing)
    north = cos(parallel) * sin(high) - sin(parallel) * cos(high) * cos(away)
    return k * cos(high) * sin(away), -k * north


@cache
def _land() -> str:
    rings = json.loads((files("app.web.console") / "data/outlines.json").read_text())
    return "".join(map(_path, rings))


def _path(ring: Sequence[float]) -> str:
    points = [at for pair in zip(ring[::2], ring[1::2], strict=True) if (at := _at(*pair))]
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + "Z" if points else ""
