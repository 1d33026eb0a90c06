"""A subject's stays from the legs on record, and the facts of `stay` and `history` that follow from them.

A leg that is not on record is a fact, not a guess: what would need it is unknown, with the reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final, TypeAlias

from app.facts.geography import distance_km
from app.facts.reference_data import Checkpoint
from app.vocabulary.codes import Direction, SubjectKind, UnknownReason
from app.vocabulary.fields import catalogue
from app.vocabulary.past import Leg, Past, Unknown
from app.vocabulary.values import Value

# Coordinates in the register are those of towns: two checkpoints may be nearer to each other than their towns are.
_TOLERANCE_KM: Final = 50
_FASTEST: Final = 99_999
_SECONDS_AN_HOUR: Final = 3600
OF_THE_PAST: Final = frozenset(
    path for path in catalogue(SubjectKind.INDIVIDUAL) if path.startswith(("stay.", "history."))
)
Found: TypeAlias = Mapping[str, Value | Unknown]


@dataclass(frozen=True, slots=True)
class Sojourn:
    """One presence in a territory: certain from `begin` to `end`, possible from `earliest` to `latest`.

    `bases` are those of its legs. `lacks` says which leg is not on record, beside the day of the other one.
    """

    begin: date
    end: date
    earliest: date
    latest: date
    bases: tuple[str, ...]
    entry: Leg | None = None
    exit: Leg | None = None
    lacks: Unknown | None = None


@dataclass(frozen=True)
class Here:
    """A crossing as its own history sees it: its leg, what came before, and where that counts.

    `territory` are the states whose borders bound the stay, `register` all checkpoints by code.
    """

    leg: Leg
    past: Past
    territory: frozenset[str]
    register: Mapping[str, Checkpoint] = field(repr=False)

    @cached_property
    def earlier(self) -> tuple[Leg, ...]:
        """Legs before this one, wherever they were."""
        mine, crossing = self.leg[:4], self.leg.crossing
        return tuple(leg for leg in self.past.legs if leg[:4] < mine and leg.crossing != crossing)

    @cached_property
    def sojourns(self) -> tuple[Sojourn, ...]:
        """Stays in the territory up to this crossing, which belongs to the last of them."""
        legs = (leg for leg in self.earlier if leg.state in self.territory)
        return tuple(sojourns((*legs, self.leg), self.leg.day))


def sojourns(legs: Iterable[Leg], today: date) -> Iterable[Sojourn]:
    """Stays from the legs of one territory in the order of time; one that is still open lasts until `today`."""
    begun: Leg | None = None
    since = date.min
    for leg in legs:
        match leg.direction:
            case Direction.ENTRY:
                if begun:
                    yield _begun(begun, since, begun.day, leg.day, Unknown(UnknownReason.NO_EXIT, begun.day))
                begun, since = leg, leg.day
            case Direction.EXIT:
                if begun:
                    yield _begun(begun, since, leg.day, leg.day, None, leg)
                else:
                    lacks = Unknown(UnknownReason.NO_ENTRY, leg.day)
                    yield Sojourn(leg.day, leg.day, min(since, leg.day), leg.day, (leg.basis,), None, leg, lacks)
                begun, since = None, leg.day
            case _:
                begun = begun or leg
    if begun:
        yield _begun(begun, since, today, today, None)


def _begun(begun: Leg, since: date, end: date, latest: date, lacks: Unknown | None, left: Leg | None = None) -> Sojourn:
    """A stay that began with an entry, or with a presence whose entry is not on record."""
    bases = (begun.basis, left.basis) if left else (begun.basis,)
    # Farther west it may still be the day before.
    end, latest = max(begun.day, end), max(begun.day, latest)
    if begun.direction == Direction.ENTRY:
        return Sojourn(begun.day, end, begun.day, latest, bases, begun, left, lacks)
    return Sojourn(
        begun.day, end, min(since, begun.day), latest, bases, None, left, Unknown(UnknownReason.NO_ENTRY, begun.day)
    )


def history_facts(here: Here) -> Found:
    """The facts of OF_THE_PAST."""
    stay = here.sojourns[-1]
    mine = [leg for leg in here.earlier if leg.state in here.territory]
    entering = here.leg.direction == Direction.ENTRY
    before = next((leg for leg in reversed(mine) if leg.direction != Direction.PRESENCE), None)
    return {
        "stay.entered_on": stay.entry.day if stay.entry else stay.lacks,
        "history.entry_on_record": stay.entry is not None,
        "history.exit_on_record": not (entering and before and before.direction == Direction.ENTRY),
        "history.last_entry_on": _last(mine, Direction.ENTRY),
        "history.last_exit_on": _last(mine, Direction.EXIT),
        "history.present_in": _elsewhere(here),
        "history.speed_kmh": _speed(here),
    }


def _last(legs: list[Leg], direction: Direction) -> date | None:
    return next((leg.day for leg in reversed(legs) if leg.direction == direction), None)


def _elsewhere(here: Here) -> str | None:
    last = here.earlier[-1] if here.earlier else None
    away = last is not None and last.direction != Direction.EXIT and last.state not in here.territory
    return last.state if last and away else None


def _speed(here: Here) -> int | Unknown | None:
    """Whole km/h needed at least; the distance is shortened by how far the register may be off."""
    last = here.earlier[-1] if here.earlier else None
    if last is None:
        return None
    if last.checkpoint == here.leg.checkpoint:
        return 0
    one, other = here.register.get(last.checkpoint), here.register.get(here.leg.checkpoint)
    distance = distance_km(one, other) if one and other else None
    if distance is None:
        return Unknown(UnknownReason.COORDINATES, last.day)
    seconds = (here.leg.at - last.at).total_seconds()
    way = max(0.0, distance - _TOLERANCE_KM)
    return min(_FASTEST, int(way * _SECONDS_AN_HOUR / seconds)) if seconds else (_FASTEST if way else 0)
