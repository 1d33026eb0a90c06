"""Legs of made-up subjects, written short: `legs("2024-01-01 entry RUS", "2024-01-05T12:30 exit RUS-X ?")`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from app.facts.history import Here
from app.facts.reference_data import Checkpoint
from app.language.ir import Count, Measure, Period
from app.vocabulary.codes import CapacityUnit, StayBasis
from app.vocabulary.fields import BOTH, Field, FieldType
from app.vocabulary.past import Leg, Offence, Past

RUS: Final = frozenset({"RUS"})
SHORT: Final = StayBasis.SHORT_STAY.value
_serial = count(1)


def leg(text: str, zone: tzinfo = UTC) -> Leg:
    """Time by the zone's wall clock (noon if only a day is given), direction, state or checkpoint, basis (? open)."""
    when, direction, place, *basis = text.split(" ")
    at = datetime.fromisoformat(when if "T" in when else f"{when}T12:00").replace(tzinfo=zone)
    checkpoint = place if "-" in place else f"{place}-SOMEWHERE"
    said = basis[0].replace("?", "") if basis else SHORT
    return Leg(at, direction, checkpoint, said, at.date(), place[:3], "CHN:E1", f"crossing-{next(_serial)}")


def legs(*texts: str) -> list[Leg]:
    return [leg(text) for text in texts]


def here(
    found: Iterable[Leg],
    territory: frozenset[str] = RUS,
    *,
    since: Mapping[str, date] | None = None,
    offences: Iterable[Offence] = (),
    register: Mapping[str, Checkpoint] | None = None,
) -> Here:
    """The last leg as its own history sees it; those before it are in no order."""
    *before, last = found
    past = Past(tuple(sorted((*before, last))), tuple(sorted(offences)))
    return Here(last, past, territory, register or {}, since or {})


def measure(counting: Count, **rest: object) -> Measure:
    field = Field("stay.counted", FieldType.NUMBER, "", {}, BOTH)
    return Measure(field, counting, **rest)  # type: ignore[arg-type] # whatever the test says


def checkpoint(code: str, **rest: object) -> Checkpoint:
    fields: dict[str, object] = {
        "code": code,
        "name": code,
        "state": code[:3],
        "neighbour": None,
        "modes": (),
        "classification": None,
        "open": Period(),
        "time_zone": ZoneInfo("UTC"),
        "capacity_unit": CapacityUnit.VEHICLES if "capacity" in rest else None,
    }
    return Checkpoint(**(fields | rest))  # type: ignore[arg-type] # whatever the test says
