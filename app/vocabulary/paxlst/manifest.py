"""What a passenger or crew list says, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from app.vocabulary.identifiers import compact

# What the guide uses of code list 1001.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "250": "crew_list",
        "266": "flight_status",
        "336": "master_crew_list",
        "655": "gate_pass",
        "745": "passenger_list",
    }
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One fault: the segment's position from 1 (UNA is no segment), its tag, what is wrong, what would be right."""

    segment: int
    tag: str
    message: str
    right: str


class Function(StrEnum):
    """What is to be done with the list.

    ADD and UPDATE give it whole; CHANGE tells only of the persons listed, who are new or changed; CANCEL is of the
    persons listed, or of the flight if there are none.
    """

    ADD = "add"
    UPDATE = "update"
    CHANGE = "change"
    CANCEL = "cancel"


class Role(StrEnum):
    """A person aboard; those in transit do not enter the state that is told of them."""

    PASSENGER = "passenger"
    CREW = "crew"
    TRANSIT_PASSENGER = "transit_passenger"
    TRANSIT_CREW = "transit_crew"

    @property
    def is_crew(self) -> bool:
        """Whether the count of crew (CNT+41) has this person, rather than that of passengers (CNT+42)."""
        return self in {Role.CREW, Role.TRANSIT_CREW}


@dataclass(frozen=True, slots=True)
class Leg:
    """One flight from place to place; codes are IATA's, ICAO's or UN/LOCODE's.

    `voyage` is carrier, number without leading zeros and operational suffix, so `UA0989` is `UA989`; what has not that
    form stays as written, in upper case. Times are those of clocks at the place, and have no zone: the message gives
    none. `crosses_border` marks the leg into or out of the state that the list is for (LOC 125 and 87).
    """

    carrier: str | None
    voyage_written: str
    voyage: str | None
    departure_place: str | None = None
    departure_local: datetime | None = None
    arrival_place: str | None = None
    arrival_local: datetime | None = None
    crosses_border: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A travel document; `code` is its kind as written (P is a passport), `issuer` a state."""

    code: str
    number: str | None
    issuer: str | None = None
    expires_on: date | None = None

    @property
    def key(self) -> str | None:
        """Issuer and number as in the key of a crossing's subject; None if either is not known."""
        number = compact(self.number or "")
        return f"{self.issuer}:{number}" if self.issuer and number else None


@dataclass(frozen=True, slots=True)
class Person:
    """A person listed. What the list leaves out, or says in a way that cannot be read, is None.

    `segment` is the position of the person's NAD. `document` is the first that is no visa.
    """

    segment: int
    role: Role
    surname: str
    given_names: str
    sex: str | None = None
    birth_date: date | None = None
    nationality: str | None = None
    residence: str | None = None
    embarkation: str | None = None
    disembarkation: str | None = None
    document: Document | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One PAXLST message. Contacts and booking references are not kept: no rule asks for them.

    `kind` is a name of KINDS, else the code as written. `prepared_at` is by the sender's clock, without a zone.
    `part` counts from 1 where a list is sent in parts, `final` tells the last of them; both None if it is in one.
    `counted` tells whether the list gives counts of its own, and they are those of the persons listed.
    """

    sender: str | None
    recipient: str | None
    prepared_at: datetime | None
    interchange_reference: str | None
    message_reference: str | None
    access_reference: str | None
    part: int | None
    final: bool | None
    release: str
    kind: str | None
    function: Function | None
    legs: tuple[Leg, ...]
    persons: tuple[Person, ...]
    counted: bool
    flaws: tuple[Flaw, ...]

    @property
    def whole(self) -> bool:
        """Whether no other part of the list is to be expected."""
        return self.part is None or (self.part == 1 and self.final is True)

    @property
    def crew(self) -> int:
        """How many of the persons are crew."""
        return sum(person.role.is_crew for person in self.persons)

    @property
    def border_legs(self) -> tuple[Leg, ...]:
        """Legs that may be the one that crosses the border: all where none is marked."""
        return tuple(leg for leg in self.legs if leg.crosses_border) or self.legs

    @property
    def border_leg(self) -> Leg | None:
        """The leg that crosses the border; the only one where none is marked."""
        return self.border_legs[0] if len(self.border_legs) == 1 else None

    @property
    def document_keys(self) -> tuple[str, ...]:
        """Keys of the persons' documents, each once, in order."""
        keys = (person.document.key for person in self.persons if person.document)
        return tuple(dict.fromkeys(key for key in keys if key))
