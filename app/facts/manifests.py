"""What the lists of passengers and crew of a voyage say together, in whatever order they came.

Of each source and kind counts the list that was prepared last, with what its source changed and cancelled in it since;
a part that comes again begins its list anew. Lists of passengers and of crew add up. Where sources differ, it is not
known who is right.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final, TypeAlias

from app.language.operators import MISSING
from app.vocabulary.codes import Direction, SubjectKind, UnknownReason
from app.vocabulary.fields import catalogue
from app.vocabulary.listed import Listed
from app.vocabulary.past import Unknown
from app.vocabulary.paxlst import Function
from app.vocabulary.places import state_of
from app.vocabulary.values import Facts, Value
from app.vocabulary.voyages import normalised

OF_MANIFESTS: Final = frozenset(
    path for path in catalogue(SubjectKind.INDIVIDUAL) if path == "manifest" or path.startswith("manifest.")
)
PASSENGERS, CREW = "passenger_list", "crew_list"
_STATUS: Final = "flight_status"
_NO_LISTS: Final = frozenset({_STATUS, "master_crew_list", "gate_pass"})
_BORDERS: Final = frozenset({Direction.ENTRY.value, Direction.EXIT.value})
_MINUTE: Final = timedelta(minutes=1)
_NEAR: Final = timedelta(days=1)
Found: TypeAlias = Mapping[str, Value | Unknown]


@dataclass(frozen=True, slots=True)
class Announced:
    """What was announced of a voyage: `facts` on all aboard, the documents listed, and whether they are everybody's."""

    facts: Found
    documents: frozenset[str] = frozenset()
    everybody: bool = False

    def of(self, key: str | None) -> Found:
        """The facts of OF_MANIFESTS on a subject with this key."""
        if self.facts["manifest"] is not True:
            return self.facts
        return {**self.facts, "manifest.lists_person": self._lists(key)}

    def _lists(self, key: str | None) -> bool | Unknown:
        if key is None:
            return Unknown(UnknownReason.NO_KEY)
        if key in self.documents:
            return True
        return False if self.everybody else Unknown(UnknownReason.LIST)


def announced(facts: Facts, zone: tzinfo, territory: frozenset[str], lists: Iterable[Listed]) -> Announced:
    """By the lists on record, for a crossing with these facts at a checkpoint in this time zone and these states."""
    voyage, direction = facts.get("vehicle.voyage", MISSING), str(facts["crossing.direction"])
    if voyage is MISSING or direction not in _BORDERS:
        return Announced(dict.fromkeys(OF_MANIFESTS, Unknown(UnknownReason.VOYAGE)))
    crossing_here = (each for each in lists if _may_cross(each.place(direction), territory))
    every = _standing(_of_the_day(crossing_here, str(voyage), direction, facts["crossing.date"])) if voyage else {}
    if not every:
        return Announced(dict.fromkeys(OF_MANIFESTS))
    documents = frozenset(document for each in every.values() for document in each.documents)
    standing = _of_senders(every)
    complete = _complete(standing)
    persons = None if complete is None else _persons(standing)
    told: Found = {
        "manifest": True,
        "manifest.complete": Unknown(UnknownReason.LIST) if complete is None else complete,
        "manifest.persons": Unknown(UnknownReason.LIST) if persons is None else persons,
        **_minutes(direction, list(standing.values()), zone),
    }
    # Whom the lists name without a document may be anybody.
    return Announced(told, documents, everybody=complete is True and len(documents) == persons)


@dataclass(slots=True)
class _Standing:
    """What stands of one source's lists of one kind; `sure` as long as it is known who is on them."""

    first: datetime
    reference: str = ""
    parts: dict[int, Listed] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    sure: bool = True
    departs: datetime | None = None
    arrives: datetime | None = None

    def take(self, each: Listed) -> None:
        """Take the next one in the order of preparation."""
        self.first = min(self.first, each.received_at)
        self.departs, self.arrives = each.departure_local or self.departs, each.arrival_local or self.arrives
        documents = set(each.documents)
        match each.function:
            case Function.CANCEL:
                self.sure &= documents <= self.documents and len(documents) == each.persons
                self.cancelled |= documents
            case Function.CHANGE:
                self.sure = False
                self.changed |= documents
                self.cancelled -= documents
            case _:
                if each.reference != self.reference or each.part in self.parts:
                    self.parts, self.changed, self.cancelled, self.sure = {}, set(), set(), True
                self.reference = each.reference
                self.parts[each.part] = each

    @property
    def documents(self) -> set[str]:
        listed = {key for part in self.parts.values() for key in part.documents}
        return (listed | self.changed) - self.cancelled

    @property
    def persons(self) -> int | None:
        listed = _sum(part.persons for part in self.parts.values())
        return listed - len(self.cancelled) if self.sure and listed is not None else None

    @property
    def complete(self) -> bool:
        last = max(self.parts, default=0)
        return self.persons is not None and len(self.parts) == last > 0 and self.parts[last].final

    @property
    def has_crew(self) -> bool:
        return any(part.crew for part in self.parts.values())


_BySender: TypeAlias = Mapping[tuple[str, str], _Standing]  # by source and kind


def _may_cross(place: str | None, territory: frozenset[str]) -> bool:
    """Whether a voyage that crosses a border at this place may do so in these states.

    Within them places are not compared: who is diverted, or flies on, is let in where no list says.
    """
    state = state_of(place) if place else None
    return state is None or state in territory


def _of_the_day(lists: Iterable[Listed], voyage: str, direction: str, day: Any) -> list[Listed]:  # noqa: ANN401 (a date, by the catalogue)
    """Lists of the voyage on the day of the crossing, or of one day from it; the earlier day if both are as near."""
    number = normalised(voyage)
    found: dict[date, list[Listed]] = {}
    for each in lists:
        if each.voyage == number and abs(each.day(direction) - day) <= _NEAR:
            found.setdefault(each.day(direction), []).append(each)
    return found[min(found, key=lambda near: (abs(near - day), near))] if found else []


def _standing(lists: Iterable[Listed]) -> _BySender:
    """What stands of each source's lists of each kind."""
    by_source: defaultdict[str, list[Listed]] = defaultdict(list)
    for each in _ordered(lists):
        by_source[each.source].append(each)
    found = {
        (source, kind): _of_kind(kind, ordered)
        for source, ordered in by_source.items()
        for kind in {each.kind for each in ordered} - _NO_LISTS
    }
    return {key: each for key, each in found.items() if each}


def _of_senders(standing: _BySender) -> _BySender:
    """Without what sources that have sent no list changed and cancelled, if another has sent one."""
    senders = {source for (source, _), each in standing.items() if each.parts}
    return {key: each for key, each in standing.items() if key[0] in senders} or standing


def _of_kind(kind: str, ordered: Iterable[Listed]) -> _Standing | None:
    standing: _Standing | None = None
    for each in ordered:
        if each.function == Function.CANCEL and not each.persons:
            standing = None if each.kind in {kind, _STATUS} else standing
        elif each.kind == kind:
            standing = standing or _Standing(each.received_at)
            standing.take(each)
    return standing


def _ordered(lists: Iterable[Listed]) -> Iterator[Listed]:
    """Each message once, in an order that does not hang on when it came; cancellations last of those of a minute."""
    first: dict[tuple[Any, ...], Listed] = {}
    for each in lists:
        key = _order(each)
        known = first.get(key, each)
        first[key] = replace(each, received_at=min(each.received_at, known.received_at))
    return (first[key] for key in sorted(first))


def _order(each: Listed) -> tuple[Any, ...]:
    times = [str(time or "") for time in (each.prepared_at, each.departure_local, each.arrival_local)]
    persons = -1 if each.persons is None else each.persons
    head = times[0], each.function == Function.CANCEL, each.reference, each.part, each.final
    return each.source, *head, each.function, each.kind, persons, each.crew, each.documents, *times


def _complete(standing: _BySender) -> bool | None:
    """Whether all aboard are listed; None where those of one source are complete, and those of others do not agree."""
    by_source: defaultdict[str, dict[tuple[str, str], _Standing]] = defaultdict(dict)
    for key, each in standing.items():
        by_source[key[0]][key] = each
    whole = [_persons(own) for own in by_source.values() if _is_whole(own)]
    if _is_whole(standing) and set(whole) <= {_persons(standing)}:
        return True
    return None if whole else False


def _is_whole(standing: _BySender) -> bool:
    """Whether passengers and crew are listed, all of them, and nothing stands whose kind is not known."""
    kinds = {kind for _, kind in standing}
    if PASSENGERS not in kinds or not kinds <= {PASSENGERS, CREW}:
        return False
    has_crew = CREW in kinds or any(each.has_crew for each in standing.values())
    return has_crew and _persons(standing) is not None and all(each.complete for each in standing.values())


def _persons(standing: _BySender) -> int | None:
    """How many are listed; None if it is not known, or sources differ."""
    counts: defaultdict[str, set[int | None]] = defaultdict(set)
    for (_, kind), each in standing.items():
        counts[kind].add(each.persons)
    return _sum(each.pop() if len(each) == 1 else None for each in counts.values())


def _sum(counts: Iterable[int | None]) -> int | None:
    """None if one of them is not known."""
    known = list(counts)
    return None if None in known else sum(filter(None, known))


def _minutes(direction: str, standing: Sequence[_Standing], zone: tzinfo) -> Found:
    """Only the end of the voyage at the checkpoint is at a place whose time zone is known."""
    entering = direction == Direction.ENTRY
    mine, other = ("arrival", "departure") if entering else ("departure", "arrival")
    times = [time for each in standing if (time := each.arrives if entering else each.departs)]
    first = min(each.first for each in standing)
    minutes = (max(times).replace(tzinfo=zone) - first) // _MINUTE if times else Unknown(UnknownReason.LIST)
    return {
        f"manifest.minutes_before_{mine}": minutes,
        f"manifest.minutes_before_{other}": Unknown(UnknownReason.TIME_ZONE),
    }
