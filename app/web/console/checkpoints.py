"""The register of checkpoints: hours, what each was built for, and today's load."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from app.crossings.traffic import Load, by_day
from app.facts.reference_data import Checkpoint
from app.identity.roles import Permission
from app.identity.users import User
from app.language.calendars import A_DAY, OpeningHours
from app.storage.engine import reading
from app.vocabulary.codes import CapacityUnit, Mode
from app.web.console.access import allowed
from app.web.console.languages import marked
from app.web.console.pages import page
from app.web.services import services_of

router = APIRouter()
_DAY: Final = timedelta(days=1)
_NOTHING: Final = Load(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """A checkpoint as it is at a moment.

    `hours` are those of the day there, as texts; None where they are not known. `is_open` too may not be known. `load`
    is None outside the remit, `used` the part of what it was built for.
    """

    checkpoint: Checkpoint
    modes: tuple[Mode, ...]
    day: date
    hours: tuple[str, ...] | None
    is_open: bool | None
    load: Load | None
    used: float | None


@dataclass(frozen=True, slots=True)
class Register:
    """Checkpoints of a state, or of all; `states` are those there are."""

    places: tuple[Place, ...]
    state: str
    states: tuple[str, ...]
    units: Mapping[CapacityUnit, str]


UNITS: Final[Mapping[CapacityUnit, str]] = {
    CapacityUnit.VEHICLES: marked("vehicles"),
    CapacityUnit.PERSONS: marked("persons"),
}


@router.get("/checkpoints")
def get_checkpoints(
    request: Request,
    user: Annotated[User, Depends(allowed(Permission.RULES_READ))],
    state: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    services = services_of(request)
    now, in_force = services.clock.now(), services.pipeline.in_force
    register = in_force.reference.checkpoints
    shown = sorted((each for each in register.values() if state in {"", each.state}), key=lambda each: each.code)
    mine = [each.code for each in shown if user.remit.covers(each.state, each.code)]
    with reading(services.database) as tx:
        loads = by_day(tx, mine, now.date() - _DAY, now.date() + _DAY)
    opening = in_force.rulebook.opening
    places = tuple(_place(each, opening.get(each.code), now, loads if each.code in mine else None) for each in shown)
    states = tuple(sorted({each.state for each in register.values()}))
    return page(request, user, "checkpoints.html", Register(places, state, states, UNITS))


def _place(
    each: Checkpoint, opening: OpeningHours | None, now: datetime, loads: Mapping[tuple[str, date], Load] | None
) -> Place:
    day = now.astimezone(each.time_zone).date()
    load = None if loads is None else loads.get((each.code, day), _NOTHING)
    crossed = {CapacityUnit.VEHICLES: load.vehicles, CapacityUnit.PERSONS: load.persons} if load else {}
    used = (
        crossed[each.capacity_unit] / each.capacity
        if load and each.capacity and each.capacity_unit in crossed
        else None
    )
    is_open = opening.open_at(now, each.time_zone) if opening and day in each.open else None
    if day not in each.open:
        is_open = False
    modes = tuple(Mode(mode) for mode in each.modes if mode in set(Mode))
    return Place(each, modes, day, _hours(opening, day), is_open, load, used)


def _hours(opening: OpeningHours | None, day: date) -> tuple[str, ...] | None:
    found = next((each for each in reversed(opening.entries) if day in each), None) if opening else None
    return tuple(f"{_clock(each.start)}–{_clock(each.end)}" for each in found.hours) if found else None


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}" if minute <= A_DAY else f"{minute // 60 - 24:02}:{minute % 60:02}"
