"""A subject's stays from the legs on record, and the facts of `stay` and `history` that follow from them.

A leg that is not on record is a fact, not a guess: what would need it is unknown, with the reason.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby, takewhile
from operator import attrgetter, eq, itemgetter
from typing import Final, NamedTuple, TypeAlias

from app.facts.geography import distance_km
from app.facts.reference_data import Checkpoint
from app.facts.stays import Presence
from app.vocabulary.codes import Direction, StayBasis, SubjectKind, UnknownReason
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

# Of what is said to have happened at one instant, who is inside leaves before entering, elsewhere or again; who is
# outside enters before leaving.
_TURNS: Final = {
    True: {Direction.PRESENCE: 0, Direction.EXIT: 1, Direction.ENTRY: 5},
    False: {Direction.ENTRY: 2, Direction.PRESENCE: 3, Direction.EXIT: 4},
}
# Plain text: a thousand legs are compared with these, and members of an enumeration are slower.
_ENTRY: Final = Direction.ENTRY.value
_EXIT: Final = Direction.EXIT.value
_BOTH: Final = 2
_DAY: Final = timedelta(days=1)
_AT: Final = itemgetter(0)
_OF: Final = itemgetter(7)  # the crossing a leg belongs to
_CROSSING: Final = itemgetter(0, 1, 2)  # instant, direction and checkpoint: who has these in common crossed once


class Sojourn(NamedTuple):
    """One presence in a territory: certain from `begin` to `end`, possible from `earliest` to `latest`.

    `bases` are those of its legs. `lacks` says which leg is not on record, beside the day of its first one.
    """

    begin: date
    end: date
    earliest: date
    latest: date
    bases: tuple[str, ...]
    entry: Leg | None = None
    exit: Leg | None = None
    lacks: Unknown | None = None


class Bounds(NamedTuple):
    """The fewest and the most days that count, and the stays in which the two differ; in order."""

    least: Presence
    most: Presence
    open: Sequence[Sojourn]


@dataclass(frozen=True)
class Here:
    """A crossing as its own history sees it: its leg, what came before, and where that counts.

    `territory` are the states whose borders bound the stay, `since` the first days on which those that joined it
    belonged to it; `register` are all checkpoints by code.
    """

    leg: Leg
    past: Past
    territory: frozenset[str]
    register: Mapping[str, Checkpoint] = field(repr=False)
    since: Mapping[str, date] = field(default_factory=dict, repr=False)

    @cached_property
    def earlier(self) -> tuple[Leg, ...]:
        """Legs before this one, wherever they were, each once; this one as somebody else reported it is none."""
        legs, same, crossing = self.past.legs, _CROSSING(self.leg), self.leg.crossing
        before = bisect_left(legs, self.leg.at, key=_AT)
        now = takewhile(lambda leg: leg.at == self.leg.at, legs[before:])
        known = list(legs[:before])
        if crossing in map(_OF, known):
            known = [leg for leg in known if leg.crossing != crossing]
        known += [leg for leg in now if leg.crossing != crossing and _CROSSING(leg) != same]
        if not _tied([*known, self.leg]):
            return tuple(known)
        ordered = _in_order(sorted((*known, self.leg)), lambda leg: "" if leg.state in self.territory else leg.state)
        return tuple(takewhile(lambda leg: leg is not self.leg, ordered))

    @cached_property
    def mine(self) -> Sequence[Leg]:
        """Legs before this one over the borders of the territory."""
        return over_border(self.earlier, self.territory, self.since)

    @cached_property
    def sojourns(self) -> tuple[Sojourn, ...]:
        """Stays in the territory up to this crossing, which belongs to the last of them; those before as `joined`."""
        return tuple(sojourns((*joined(self.mine), self.leg), self.leg.day))

    @cached_property
    def bounds_of(self) -> dict[frozenset[StayBasis], Bounds]:
        """What `facts.measures` has worked out so far, by the bases left out."""
        return {}

    def bounds(self, leg: Leg) -> bool:
        """Whether the leg was one over a border of the territory on its own day."""
        return leg.state in self.territory and leg.day >= self.since.get(leg.state, date.min)


def _tied(legs: Sequence[Leg]) -> bool:
    """Whether any two of these sorted legs are of one instant."""
    times = list(map(_AT, legs))
    return any(map(eq, times, times[1:]))


def _in_order(legs: Iterable[Leg], place: Callable[[Leg], str]) -> Iterator[Leg]:
    """Sorted legs, each crossing once, those of one instant in the order in which they can have happened."""
    inside: set[str] = set()
    for _, tied in groupby(_distinct(legs), attrgetter("at")):
        for leg in sorted(tied, key=lambda leg: _TURNS[place(leg) in inside][Direction(leg.direction)]):
            yield leg
            (inside.discard if leg.direction == Direction.EXIT else inside.add)(place(leg))


def _distinct(legs: Iterable[Leg]) -> Iterator[Leg]:
    """Each crossing once, however many reported it; where they differ on its basis, that is open."""
    for _, reports in groupby(legs, _CROSSING):
        first, *others = reports
        yield first if all(each.basis == first.basis for each in others) else first._replace(basis="")


def over_border(legs: Sequence[Leg], states: frozenset[str], since: Mapping[str, date]) -> Sequence[Leg]:
    """Sorted legs, as far as they are over the borders of a territory, in the order in which they can have happened.

    Of a state that joined it, the crossings before were over that state's own border: who was in it on the first day
    entered the territory on that day.
    """
    there = [leg for leg in legs if leg.state in states]
    before: dict[str, Leg] = {}
    if since and any(leg.day < since.get(leg.state, date.min) for leg in there):
        before = {leg.state: leg for leg in there if leg.day < since.get(leg.state, date.min)}
        there = [leg for leg in there if leg.day >= since.get(leg.state, date.min)]
    for leg in before.values():
        if leg.direction != Direction.EXIT:
            joined = since[leg.state]
            place = next((number for number, each in enumerate(there) if each.day >= joined), len(there))
            there.insert(place, leg._replace(day=joined, direction=Direction.ENTRY.value))
    return tuple(_in_order(there, lambda _: "")) if _tied(there) else there


def joined(legs: Iterable[Leg]) -> list[Leg]:
    """What `over_border` gives, without an exit and the next entry between which no whole day passed.

    Only where both stays are whole and all four legs are on one known basis: the same days count then, however many
    stays they belong to. Who crosses twelve times a day has hundreds of these.
    """
    kept: list[Leg] = []
    entry = left = None  # the entry that is last in `kept`; and the exit before it, of a whole stay on one basis
    for leg in legs:
        _, direction, _, basis, day, _, _, _ = leg
        if direction == _ENTRY:
            left = None if entry else left
            entry = leg
        elif direction == _EXIT and entry and entry.basis == basis and basis and entry.day <= day:
            if left and left.basis == basis and left.day <= entry.day and entry.day - left.day <= _DAY:
                del kept[-2:]
            entry, left = None, leg
        else:
            entry = left = None
        kept.append(leg)
    return kept


def sojourns(legs: Iterable[Leg], today: date) -> Iterator[Sojourn]:
    """Stays from what `over_border` gives; one that is still open lasts until `today`."""
    there: list[Leg] = []
    since = date.min
    for leg in legs:
        if leg.direction == _ENTRY and there:
            yield _stay(there, since, there[-1].day, next_entry=leg.day)
            there = []
        there.append(leg)
        if leg.direction == _EXIT:
            yield (
                _whole(*there) if len(there) == _BOTH and there[0].direction == _ENTRY else _stay(there, since, leg.day)
            )
            since, there = leg.day, []
    if there:
        yield _stay(there, since, today)


def _whole(entry: Leg, left: Leg) -> Sojourn:
    """As `_stay`, of the many that are an entry and an exit."""
    begin, end = entry.day, max(entry.day, left.day)
    return Sojourn(begin, end, begin, end, (entry.basis, left.basis), entry, left)


def _stay(legs: Sequence[Leg], since: date, end: date, next_entry: date | None = None) -> Sojourn:
    """A stay with these legs, not begun before `since`; with a next entry, its exit is not on record."""
    first, last = legs[0], legs[-1]
    entry = first if first.direction == _ENTRY else None
    lacks = None
    if entry is None:
        lacks = Unknown(UnknownReason.NO_ENTRY, first.day)
    elif next_entry:
        lacks = Unknown(UnknownReason.NO_EXIT, first.day)
    # Days are those of time zones far apart: what came later may bear the earlier date.
    end = max(first.day, end)
    return Sojourn(
        begin=first.day,
        end=end,
        earliest=first.day if entry else min(since, first.day),
        latest=max(next_entry or end, end),
        bases=tuple(leg.basis for leg in legs),
        entry=entry,
        exit=last if last.direction == _EXIT else None,
        lacks=lacks,
    )


def history_facts(here: Here) -> Found:
    """The facts of OF_THE_PAST."""
    stay, mine = here.sojourns[-1], here.mine
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


def _last(legs: Sequence[Leg], direction: Direction) -> date | None:
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
