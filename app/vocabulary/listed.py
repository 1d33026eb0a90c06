"""A list of passengers or crew of one voyage: the one form in which storage hands it to the facts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.vocabulary.codes import Direction
from app.vocabulary.members import EARLIEST, LATEST
from app.vocabulary.paxlst import Function, Leg, Manifest
from app.vocabulary.voyages import normalised

_KIND = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One message, or one part of a list, on one leg of a voyage.

    Times are by clocks at the place, and have no zone. `departure_day` and `arrival_day` are those it is found by: as
    scheduled, else what comes nearest to that. `persons` is None where the message does not tell how many are aboard.
    `source` is the system that sent it: a message cancels, changes and replaces lists of its own source alone.
    """

    kind: str
    voyage: str
    received_at: datetime
    departure_day: date
    arrival_day: date
    source: str = ""
    function: str = Function.ADD.value
    departure_place: str | None = None
    departure_local: datetime | None = None
    arrival_place: str | None = None
    arrival_local: datetime | None = None
    prepared_at: datetime | None = None
    reference: str = ""
    part: int = 1
    final: bool = True
    persons: int | None = 0
    crew: int = 0
    documents: tuple[str, ...] = ()

    def day(self, direction: str) -> date:
        """Its day at the border, on the way in or out."""
        return self.arrival_day if direction == Direction.ENTRY else self.departure_day

    def place(self, direction: str) -> str | None:
        """Its place on this side of the border, on the way in or out."""
        return self.arrival_place if direction == Direction.ENTRY else self.departure_place


def listed(manifest: Manifest, source: str, received_at: datetime) -> Iterator[Listed]:
    """What a message says of each leg that may be the one across the border; nothing of a leg without a number."""
    for leg in manifest.border_legs:
        if leg.voyage:
            departure, arrival = days(leg.departure_local, leg.arrival_local, manifest.prepared_at, received_at)
            yield replace(_listed(manifest, leg, received_at, departure, arrival), source=source)


def days(
    departs: datetime | None, arrives: datetime | None, prepared: datetime | None, received_at: datetime
) -> tuple[date, date]:
    """Days by which a list is found on the way out and in."""
    return _day(departs, arrives, prepared, received_at), _day(arrives, departs, prepared, received_at)


def _day(*times: datetime | None) -> date:
    return next(time.date() for time in times if time and EARLIEST <= time.date() <= LATEST)


def _listed(manifest: Manifest, leg: Leg, received_at: datetime, departure: date, arrival: date) -> Listed:
    function = manifest.function or Function.ADD
    # Of a list on several legs it is not told who is aboard on which, and of one without a day, whether it is of this
    # flight or of the next of the same number.
    told = manifest.counted and len(manifest.border_legs) == 1 and bool(leg.departure_local or leg.arrival_local)
    known = function is Function.CANCEL or told
    return Listed(
        kind=(manifest.kind or "")[:_KIND],
        voyage=normalised(leg.voyage or ""),
        received_at=received_at,
        departure_day=departure,
        arrival_day=arrival,
        function=function.value,
        departure_place=leg.departure_place,
        departure_local=leg.departure_local,
        arrival_place=leg.arrival_place,
        arrival_local=leg.arrival_local,
        prepared_at=manifest.prepared_at,
        reference=manifest.access_reference or "",
        part=manifest.part or 1,
        final=manifest.final is not False,
        persons=len(manifest.persons) if known else None,
        crew=manifest.crew,
        documents=tuple(sorted(manifest.document_keys)),
    )
