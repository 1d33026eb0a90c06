"""The legs of an itinerary: TDT, and the LOC and DTM that follow it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.vocabulary.paxlst import values
from app.vocabulary.paxlst.checked import Checked
from app.vocabulary.paxlst.manifest import Leg
from app.vocabulary.paxlst.syntax import Segment

# The last place before the border, the first after it, the final destination; 92 is any other.
_LEAVING, _ENTERING, _FINAL, _OTHER = "125", "87", "130", "92"
# The clocks of two places differ by 26 hours at most.
_CLOCKS = timedelta(hours=26)


@dataclass(slots=True)
class _Stop:
    """A place of a flight with its scheduled times; `code` says what it is there for."""

    code: str
    place: str | None
    arrives: datetime | None = None
    departs: datetime | None = None


_NOWHERE = _Stop("", None)


def legs(groups: Iterable[Sequence[Segment]], checked: Checked) -> tuple[Leg, ...]:
    """Read groups that begin with TDT; a flight whose places are not told is a leg too."""
    return tuple(leg for details, *rest in groups for leg in _flight(details, rest, checked))


def _flight(details: Segment, rest: Sequence[Segment], checked: Checked) -> list[Leg]:
    carrier, voyage = values.voyage(details.at(2), details.at(5).upper())
    checked.value(details, details.at(2), "flight number", voyage, "carrier and number, such as UA989")
    flight = Leg(carrier, details.at(2), voyage)
    found = _joined(flight, _stops(rest, checked)) or [flight]
    for leg in found:
        _check(details, leg, checked)
    return found


def _joined(flight: Leg, stops: Iterable[_Stop]) -> list[Leg]:
    """A stop of departure begins a leg; one of arrival ends it, or goes on from where the last one ended."""
    found: list[Leg] = []
    before = _NOWHERE
    under_way = False
    for stop in stops:
        departs = _departs(stop, first=before is _NOWHERE)
        if not departs:
            found.append(_leg(flight, before, stop))
        elif under_way:
            found.append(_leg(flight, before, _NOWHERE))
        before, under_way = stop, departs
    return [*found, _leg(flight, before, _NOWHERE)] if under_way else found


def _departs(stop: _Stop, *, first: bool) -> bool:
    if stop.code == _OTHER:
        return stop.arrives is None and (stop.departs is not None or first)
    return stop.code == _LEAVING


def _leg(flight: Leg, start: _Stop, end: _Stop) -> Leg:
    return replace(
        flight,
        departure_place=start.place,
        departure_local=start.departs,
        arrival_place=end.place,
        arrival_local=end.arrives,
        crosses_border=start.code == _LEAVING or end.code == _ENTERING,
    )


def _stops(segments: Iterable[Segment], checked: Checked) -> list[_Stop]:
    stops: list[_Stop] = []
    for segment in segments:
        match segment.tag, segment.at(1):
            case "LOC", code:
                stops.append(_Stop(code, checked.place(segment, "place")))
            case "DTM", "189" if stops:
                stops[-1].departs = _moment(segment, checked)
            case "DTM", "232" if stops:
                stops[-1].arrives = _moment(segment, checked)
            case _:
                pass
    return [stop for stop in stops if stop.code in {_LEAVING, _ENTERING, _FINAL, _OTHER}]


def _moment(segment: Segment, checked: Checked) -> datetime | None:
    when = values.moment(segment.at(1, 1), segment.at(1, 2))
    return checked.value(segment, segment.at(1, 1), "date and time", when, "YYMMDDHHMM with format 201")


def _check(details: Segment, leg: Leg, checked: Checked) -> None:
    ends = (
        ("departure", leg.departure_place, leg.departure_local, "LOC+125 (or 92) with DTM+189"),
        ("arrival", leg.arrival_place, leg.arrival_local, "LOC+87 (or 92) with DTM+232"),
    )
    for what, place, time, right in ends:
        if place is None:
            checked.flaw(details, f"the flight has no place of {what}", right)
        elif time is None and leg.crosses_border:
            checked.flaw(details, f"the flight has no time of {what}", right)
    if leg.departure_local and leg.arrival_local and leg.arrival_local + _CLOCKS < leg.departure_local:
        checked.flaw(details, "the flight arrives before it departs", "times by the clocks of both places")
