"""From the segments of one PAXLST message to a manifest, after the WCO/IATA/ICAO implementation guide."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from app.vocabulary.paxlst import values
from app.vocabulary.paxlst.envelope import Message, number
from app.vocabulary.paxlst.manifest import KINDS, Document, Function, Leg, Manifest, Person, Role
from app.vocabulary.paxlst.syntax import Segment, quoted

_GROUPS = frozenset({"BGM", "TDT", "NAD", "CNT"})
_ROLES = {
    "FL": Role.PASSENGER,
    "FM": Role.CREW,
    "DDU": Role.TRANSIT_PASSENGER,
    "DDT": Role.TRANSIT_CREW,
}
# Code list 1225, and before it what BGM's identifier says on lists of each kind.
_FUNCTIONS = {
    "1": Function.CANCEL,
    "2": Function.ADD,
    "3": Function.CANCEL,
    "4": Function.UPDATE,
    "5": Function.UPDATE,
    "9": Function.ADD,
}
_IDENTIFIERS = {
    ("745", "CP"): Function.UPDATE,
    ("745", "RP"): Function.UPDATE,
    ("745", "XR"): Function.CANCEL,
    ("266", "CF"): Function.UPDATE,
    ("266", "XF"): Function.CANCEL,
    ("336", "G"): Function.ADD,
    ("336", "H"): Function.CANCEL,
    ("336", "I"): Function.UPDATE,
}
_COUNTED = {"41": ("crew", True), "42": ("passengers", False)}
_VISA = "V"
_OF_DOCUMENT = frozenset({("DTM", "36"), ("LOC", "91")})
# The clocks of two places differ by 26 hours at most.
_CLOCKS = timedelta(hours=26)
_DATE_RIGHT = "a day there is, YYMMDD or with format 102 CCYYMMDD"
_STATE_RIGHT = "a three-letter code of ISO 3166 or Doc 9303"
_PLACE_RIGHT = "a code of IATA, ICAO or UN/LOCODE"

_T = TypeVar("_T")


def manifest(message: Message) -> Manifest:
    """Read a message; all that is wrong with it is among the flaws, in the order of the segments."""
    reading = _Reading(message)
    head, groups = message.head, _groups(message.body)
    begin = next((group[0] for group in groups if group[0].tag == "BGM"), None)
    legs = reading.legs([group for group in groups if group[0].tag == "TDT"])
    persons = reading.persons(
        [group for group in groups if group[0].tag == "NAD" and group[0].at(1) in _ROLES],
    )
    kind, function = reading.kind(begin)
    reading.totals([group[0] for group in groups if group[0].tag == "CNT"], persons)
    envelope = message.interchange
    return Manifest(
        sender=_given(envelope, 2),
        recipient=_given(envelope, 3),
        prepared_at=reading.prepared,
        interchange_reference=_given(envelope, 5),
        message_reference=head.at(1) or None,
        access_reference=head.at(3) or None,
        part=number(head.at(4)),
        final=head.at(4, 1) == "F" if head.at(4) else None,
        release=":".join(filter(None, (head.at(2, 1), head.at(2, 2)))),
        kind=kind,
        function=function,
        legs=legs,
        persons=persons,
        flaws=tuple(sorted(message.flaws, key=lambda flaw: flaw.segment)),
    )


def _given(segment: Segment | None, element: int) -> str | None:
    return (segment.at(element) or None) if segment else None


def _groups(body: Iterable[Segment]) -> list[list[Segment]]:
    """Split before each segment that begins a group; what is before the first belongs to none."""
    groups: list[list[Segment]] = []
    for segment in body:
        if segment.tag in _GROUPS:
            groups.append([])
        if groups:
            groups[-1].append(segment)
    return groups


@dataclass(slots=True)
class _Stop:
    """A place of a flight, with its scheduled times."""

    segment: Segment
    place: str | None
    arrives: datetime | None = None
    departs: datetime | None = None

    @property
    def code(self) -> str:
        return self.segment.at(1)


class _Reading:
    """Reads values of one message and keeps what is wrong with them."""

    def __init__(self, message: Message) -> None:
        self._head = message.head
        self._flaws = message.flaws
        self.prepared = self._prepared(message.interchange)
        self._day = self.prepared and self.prepared.date()

    def _flaw(self, segment: Segment, message: str, right: str) -> None:
        self._flaws.append(segment.flaw(message, right))

    def _read(self, segment: Segment, text: str, what: str, value: _T | None, right: str) -> _T | None:
        """Return the value; a text that gave none is a flaw."""
        if value is None:
            self._flaw(segment, f"{quoted(text)!r} is no {what}" if text else f"the {what} is missing", right)
        return value

    def _state(self, segment: Segment, what: str) -> str | None:
        return self._read(segment, segment.at(2), what, values.state(segment.at(2)), _STATE_RIGHT)

    def _place(self, segment: Segment, what: str) -> str | None:
        return self._read(segment, segment.at(2), what, values.place(segment.at(2)), _PLACE_RIGHT)

    def _date(
        self, segment: Segment, what: str, read: Callable[[str, str, date | None], _T | None], right: str
    ) -> _T | None:
        text = segment.at(1, 1)
        return self._read(segment, text, what, read(text, segment.at(1, 2), self._day), right)

    def _prepared(self, interchange: Segment | None) -> datetime | None:
        if interchange is None:
            return None
        day, time = interchange.at(4), interchange.at(4, 1)
        right = "YYMMDD:HHMM, by which centuries are told"
        return self._read(interchange, f"{day}{time}", "date and time", values.prepared(day, time), right)

    def kind(self, begin: Segment | None) -> tuple[str | None, Function | None]:
        if begin is None:
            self._flaw(self._head, "BGM is missing", "BGM+745 for passengers, BGM+250 for crew")
            return None, None
        code, identifier = begin.at(1), begin.at(2)
        known = ", ".join(f"{code} {name.replace('_', ' ')}" for code, name in KINDS.items())
        name = self._read(begin, code, "kind of list", KINDS.get(code), known)
        return name or code or None, _FUNCTIONS.get(begin.at(3)) or _IDENTIFIERS.get((code, identifier))

    def legs(self, groups: Iterable[Sequence[Segment]]) -> tuple[Leg, ...]:
        legs = tuple(leg for group in groups for leg in self._flight(group))
        if not legs:
            self._flaw(self._head, "TDT is missing", "TDT+20 with the flight, LOC and DTM with its places and times")
        return legs

    def _flight(self, group: Sequence[Segment]) -> list[Leg]:
        """Legs of one flight: a place of departure begins one, a place of arrival ends it or goes on from there."""
        details, *rest = group
        carrier, voyage = values.voyage(details.at(2), details.at(5).upper())
        self._read(details, details.at(2), "flight number", voyage, "carrier and number, such as UA989")
        flight = Leg(carrier, details.at(2), voyage)
        legs: list[Leg] = []
        for stop in self._stops(rest):
            departs = stop.code == "125" or (stop.code == "92" and not stop.arrives and (stop.departs or not legs))
            if departs:
                border = stop.code == "125"
                legs.append(
                    replace(flight, departure_place=stop.place, departure_local=stop.departs, crosses_border=border)
                )
                continue
            if not legs or legs[-1].arrival_place:
                legs.append(replace(flight, departure_place=legs[-1].arrival_place if legs else None))
            legs[-1] = replace(
                legs[-1],
                arrival_place=stop.place,
                arrival_local=stop.arrives,
                crosses_border=legs[-1].crosses_border or stop.code == "87",
            )
        for leg in legs or [flight]:
            self._check(details, leg)
        return legs or [flight]

    def _stops(self, segments: Iterable[Segment]) -> list[_Stop]:
        stops: list[_Stop] = []
        for segment in segments:
            if segment.tag == "LOC" and segment.at(1) in {"87", "92", "125", "130"}:
                stops.append(_Stop(segment, self._place(segment, "place")))
            elif segment.tag == "DTM" and stops and segment.at(1) in {"189", "232"}:
                when = self._date(segment, "date and time", values.moment, "YYMMDDHHMM with format 201")
                if segment.at(1) == "189":
                    stops[-1].departs = when
                else:
                    stops[-1].arrives = when
        return stops

    def _check(self, details: Segment, leg: Leg) -> None:
        for place, what, right in (
            (leg.departure_place, "departure", "LOC+125 (or 92) with DTM+189"),
            (leg.arrival_place, "arrival", "LOC+87 (or 92) with DTM+232"),
        ):
            if place is None:
                self._flaw(details, f"the flight has no place of {what}", right)
        if leg.departure_local and leg.arrival_local and leg.arrival_local + _CLOCKS < leg.departure_local:
            self._flaw(details, "the flight arrives before it departs", "times by the clocks of both places")

    def persons(self, groups: Iterable[Sequence[Segment]]) -> tuple[Person, ...]:
        persons = tuple(self._person(group) for group in groups)
        first: dict[str, int] = {}
        for person, head in zip(persons, [group[0] for group in groups], strict=True):
            key = person.document and person.document.key
            if key and key in first:
                message = f"the document {quoted(key)} is also that of the person in segment {first[key]}"
                self._flaw(head, message, "each person once, with a document of their own")
            elif key:
                first[key] = person.segment
        return persons

    def _person(self, group: Sequence[Segment]) -> Person:
        head, *rest = group
        read: dict[str, Any] = {}
        documents: list[Document] = []
        for segment in rest:
            if segment.tag == "DOC":
                documents.append(Document(segment.at(1), segment.at(2) or None))
            elif documents and (segment.tag, segment.at(1)) in _OF_DOCUMENT:
                documents[-1] = self._document(documents[-1], segment)
            elif member := self._member(segment):
                read.setdefault(*member)
        document = next((each for each in documents if each.code != _VISA), None)
        if document is None or document.number is None:
            self._flaw(head, "the person has no travel document", "DOC with its number, LOC+91 with its issuer")
        if not head.at(4):
            self._flaw(head, "the person has no surname", "NAD+…+++SURNAME:GIVEN NAMES")
        names = [name for name in (head.at(4, place) for place in range(1, 5)) if name]
        return Person(head.position, _ROLES[head.at(1)], head.at(4), " ".join(names), document=document, **read)

    def _member(self, segment: Segment) -> tuple[str, Any] | None:
        match segment.tag, segment.at(1):
            case "ATT", "2":
                return "sex", self._read(segment, segment.at(3), "sex", values.sex(segment.at(3)), "M, F, X or U")
            case "DTM", "329":
                right = f"{_DATE_RIGHT}, not after the list was made"
                return "birth_date", self._date(segment, "date of birth", values.birth, right)
            case "NAT", "2":
                return "nationality", self._state(segment, "nationality")
            case "LOC", "174":
                return "residence", self._state(segment, "state of residence")
            case "LOC", "178":
                return "embarkation", self._place(segment, "place of embarkation")
            case "LOC", "179":
                return "disembarkation", self._place(segment, "place of disembarkation")
            case _:
                return None

    def _document(self, document: Document, segment: Segment) -> Document:
        match segment.tag, segment.at(1):
            case "DTM", "36":
                right = f"{_DATE_RIGHT}; without a century, within 20 years of the list"
                return replace(document, expires_on=self._date(segment, "date of expiry", values.expiry, right))
            case "LOC", "91":
                return replace(document, issuer=self._state(segment, "issuing state"))
            case _:
                return document

    def totals(self, counts: Sequence[Segment], persons: Sequence[Person]) -> None:
        if not counts and persons:
            self._flaw(self._head, "CNT is missing", "CNT+42 with the count of passengers, CNT+41 with that of crew")
        listed = {code: sum(person.role.is_crew is crew for person in persons) for code, (_, crew) in _COUNTED.items()}
        right = ", ".join(f"CNT+{code}:{count}" for code, count in listed.items() if count) or "CNT+42:0"
        for segment in counts:
            code, given = segment.at(1), segment.at(1, 1)
            if code in _COUNTED and number(given) != listed[code]:
                message = f"{quoted(given) or 'nothing'} is given as the count of {_COUNTED[code][0]}"
                self._flaw(segment, message, f"{right}, as are listed here")
