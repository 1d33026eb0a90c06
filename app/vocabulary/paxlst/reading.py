"""From the segments of one PAXLST message to a manifest, after the WCO/IATA/ICAO implementation guide."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.vocabulary.paxlst import values
from app.vocabulary.paxlst.checked import Checked
from app.vocabulary.paxlst.envelope import Message, number
from app.vocabulary.paxlst.flights import legs
from app.vocabulary.paxlst.manifest import KINDS, Function, Manifest, Person
from app.vocabulary.paxlst.persons import persons
from app.vocabulary.paxlst.syntax import Segment, quoted

_GROUPS = frozenset({"BGM", "TDT", "NAD", "CNT"})
# Code list 1225, which few senders use, and what the identifier of BGM says on lists of each kind.
_FUNCTIONS = {
    "1": Function.CANCEL,
    "2": Function.CHANGE,
    "3": Function.CANCEL,
    "4": Function.CHANGE,
    "5": Function.UPDATE,
    "9": Function.ADD,
}
_IDENTIFIERS = {
    ("745", "CP"): Function.CHANGE,
    ("745", "RP"): Function.CHANGE,
    ("745", "XR"): Function.CANCEL,
    ("266", "CF"): Function.UPDATE,
    ("266", "XF"): Function.CANCEL,
    ("336", "G"): Function.ADD,
    ("336", "H"): Function.CANCEL,
    ("336", "I"): Function.CHANGE,
}
_COUNTED = {"41": "crew", "42": "passengers"}


def manifest(message: Message) -> Manifest:
    """Read a message; all that is wrong with it is among the flaws, in the order of the segments."""
    checked, head, envelope = Checked(message.flaws), message.head, message.interchange
    prepared = _prepared(envelope, checked)
    groups = _groups(message.body)
    flights = legs(groups["TDT"], checked)
    times = (prepared, *(leg.departure_local for leg in flights))
    checked.day = next((time.date() for time in times if time), None)
    aboard = persons(groups["NAD"], checked)
    kind, function = _kind(groups["BGM"], checked)
    counted = _count(groups["CNT"], aboard, checked)
    for tag, right in _missing(groups, aboard):
        checked.flaw(head, f"{tag} is missing", right)
    return Manifest(
        sender=_given(envelope, 2),
        recipient=_given(envelope, 3),
        prepared_at=prepared,
        interchange_reference=_given(envelope, 5),
        message_reference=_given(head, 1),
        access_reference=_given(head, 3),
        part=number(head.at(4)),
        final=head.at(4, 1) == "F" if head.at(4) else None,
        release=":".join(filter(None, (head.at(2, 1), head.at(2, 2)))),
        kind=kind,
        function=function,
        legs=flights,
        persons=aboard,
        counted=counted,
        flaws=tuple(sorted(message.flaws, key=lambda flaw: flaw.segment)),
    )


def _groups(body: Iterable[Segment]) -> dict[str, list[list[Segment]]]:
    """Groups of segments by the tag they begin with; what stands before the first belongs to none."""
    groups: dict[str, list[list[Segment]]] = {tag: [] for tag in _GROUPS}
    last: list[Segment] = []
    for segment in body:
        if segment.tag in _GROUPS:
            last = []
            groups[segment.tag].append(last)
        last.append(segment)
    return groups


def _given(segment: Segment | None, element: int) -> str | None:
    return (segment.at(element) or None) if segment else None


def _prepared(envelope: Segment | None, checked: Checked) -> datetime | None:
    if envelope is None:
        return None
    text = envelope.at(4) + envelope.at(4, 1)
    return checked.value(envelope, text, "date and time", values.moment(text), "YYMMDD:HHMM")


def _kind(groups: Sequence[Sequence[Segment]], checked: Checked) -> tuple[str | None, Function | None]:
    if not groups:
        return None, None
    begin = groups[0][0]
    code = begin.at(1)
    known = ", ".join(f"{code} {name.replace('_', ' ')}" for code, name in KINDS.items())
    name = checked.value(begin, code, "kind of list", KINDS.get(code), known)
    return name or code or None, _FUNCTIONS.get(begin.at(3)) or _IDENTIFIERS.get((code, begin.at(2)))


def _count(groups: Sequence[Sequence[Segment]], aboard: Sequence[Person], checked: Checked) -> bool:
    """Compare the counts given with the persons listed; whether any was given, and all are right."""
    crew = sum(person.role.is_crew for person in aboard)
    listed = {"41": crew, "42": len(aboard) - crew}
    right = ", ".join(f"CNT+{code}:{count}" for code, count in listed.items() if count) or "CNT+42:0"
    counts = [(segment, segment.at(1), segment.at(1, 1)) for segment, *_ in groups if segment.at(1) in listed]
    wrong = [each for each in counts if number(each[2]) != listed[each[1]]]
    for segment, code, given in wrong:
        message = f"{quoted(given) or 'nothing'} is given as the count of {_COUNTED[code]}"
        checked.flaw(segment, message, f"{right}, as are listed here")
    return bool(counts) and not wrong


def _missing(groups: dict[str, list[list[Segment]]], aboard: Sequence[Person]) -> Iterable[tuple[str, str]]:
    if not groups["BGM"]:
        yield "BGM", "BGM+745 for passengers, BGM+250 for crew"
    if not groups["TDT"]:
        yield "TDT", "TDT+20 with the flight, LOC and DTM with its places and times"
    if aboard and not groups["CNT"]:
        yield "CNT", "CNT+42 with the count of passengers, CNT+41 with that of crew"
