"""What is on record of a subject before a crossing: the one form in which storage hands it to the facts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from app.vocabulary.codes import UnknownReason
from app.vocabulary.listed import Listed


class Leg(NamedTuple):
    """One entry, exit or presence of a subject.

    Tuples in the order of time; what happened at one instant is ordered by what it was, never by when it arrived, so
    that any order of arrival gives the same history. `basis` is a StayBasis, "" where the papers leave it open.
    """

    at: datetime
    direction: str
    checkpoint: str
    basis: str
    day: date
    state: str
    key: str
    crossing: str


class Offence(NamedTuple):
    """A violation that stands, in the order of time; `confirmed` by an officer."""

    at: datetime
    rule: str
    day: date
    regime: str
    confirmed: bool
    crossing: str


class Traffic(NamedTuple):
    """What crossed at the checkpoint earlier on the same day."""

    vehicles: int
    persons: int


NO_TRAFFIC = Traffic(0, 0)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a fact cannot be known, and the day of the leg that leaves it open."""

    reason: UnknownReason
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """All that is on record of one subject, under any of its keys, as far back as was asked for; sorted.

    `lists` are those of the voyage it crosses on, in any order. `too_much` if there is more than is read of anybody.
    """

    legs: tuple[Leg, ...] = ()
    offences: tuple[Offence, ...] = ()
    lists: tuple[Listed, ...] = ()
    too_much: bool = False


NOTHING = Past()
TOO_MUCH = Past(too_much=True)
