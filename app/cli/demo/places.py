"""Where and when the demonstration's crossings happen: real checkpoints, with the shape of real traffic.

No monthly counts of these checkpoints are published, so each borrows the seasons and the size of one port on the
land borders of the United States. Weights are square roots, or nobody would ever see the small ones.
"""

import calendar
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

# The column a kind of crossing takes its numbers from, and its share: as counted, nearly all would be cars.
_COUNTED = {
    "truck": ("trucks", 1.5),
    "car": ("cars", 0.5),
    "bus": ("buses", 4),
    "train": ("trains", 10),
    "walk": ("pedestrians", 1),
    "zone": ("pedestrians", 1.5),
    "flight": ("cars", 0.5),
}
_BUSY_HOURS = (2, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 9, 8, 8, 9, 10, 10, 9, 8, 7, 6, 5, 4, 3)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One crossing to be: its place, its kind (a truck, a walk, …) and its time there."""

    checkpoint: str
    neighbour: str | None
    kind: str
    at: datetime

    @property
    def state(self) -> str:
        """State whose checkpoint it is, ISO 3166 alpha-3."""
        return self.checkpoint[:3]


def occasions(rng: Random, count: int) -> list[Occasion]:
    """As many crossings as asked, in the order of time, over the twelve months after those that were counted."""
    choices = _choices()
    drawn = rng.choices([each for each, _ in choices], [weight for _, weight in choices], k=count)
    return sorted((_occasion(rng, *each) for each in drawn), key=lambda each: each.at)


def _occasion(rng: Random, place: Mapping[str, str], kind: str, month: str) -> Occasion:
    year, number = int(month[:4]) + 1, int(month[5:])
    at = datetime(year, number, 1, tzinfo=ZoneInfo(place["time_zone"])) + timedelta(
        days=rng.randrange(calendar.monthrange(year, number)[1]),
        hours=rng.choices(range(24), _BUSY_HOURS)[0],
        minutes=rng.randrange(60),
    )
    return Occasion(place["checkpoint"], place["neighbour"] or None, kind, at)


@cache
def _choices() -> Sequence[tuple[tuple[Mapping[str, str], str, str], float]]:
    """Every place, kind and month with its weight."""
    traffic = table("traffic")
    return [
        ((place, kind, row["month"]), share * int(row[column]) ** 0.5)
        for place in table("places")
        for row in traffic
        if row["port"] == place["port"]
        for kind in place["kinds"].split(";")
        for column, share in [_COUNTED[kind]]
    ]


def table(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file of this package."""
    return list(csv.DictReader(_read(f"{name}.csv").splitlines()))


@cache
def document(name: str) -> Any:  # noqa: ANN401 (a JSON document)
    """A JSON file of this package."""
    return json.loads(_read(f"{name}.json"))


def _read(name: str) -> str:
    return (files(__package__) / "data" / name).read_text(encoding="utf-8")
