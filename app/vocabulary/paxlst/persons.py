"""The persons of a list: NAD, and what follows it up to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from app.vocabulary.paxlst import values
from app.vocabulary.paxlst.checked import DAY, Checked
from app.vocabulary.paxlst.manifest import Document, Person, Role
from app.vocabulary.paxlst.syntax import Segment, quoted

_REPORTING_PARTY = "MS"
_ROLES = {
    "FL": Role.PASSENGER,
    "FM": Role.CREW,
    "DDU": Role.TRANSIT_PASSENGER,
    "DDT": Role.TRANSIT_CREW,
}
_VISA = "V"
_OF_DOCUMENT = frozenset({("DTM", "36"), ("LOC", "91")})


def persons(groups: Iterable[Sequence[Segment]], checked: Checked) -> tuple[Person, ...]:
    """Read groups that begin with NAD; the reporting party is none of those aboard."""
    found: list[Person] = []
    first: dict[str, int] = {}
    for head, *rest in groups:
        if head.at(1) == _REPORTING_PARTY:
            continue
        role = checked.value(head, head.at(1), "role of a person aboard", _ROLES.get(head.at(1)), ", ".join(_ROLES))
        if role is None:
            continue
        person = _person(role, head, rest, checked)
        key = person.document and person.document.key
        if key and first.setdefault(key, head.position) != head.position:
            message = f"the document {quoted(key)} is also that of the person in segment {first[key]}"
            checked.flaw(head, message, "each person once, with a document of their own")
        found.append(person)
    return tuple(found)


def _person(role: Role, head: Segment, rest: Iterable[Segment], checked: Checked) -> Person:
    members: dict[str, Any] = {}
    documents: list[Document] = []
    for segment in rest:
        if segment.tag == "DOC":
            documents.append(Document(segment.at(1), segment.at(2) or None))
        elif documents and (segment.tag, segment.at(1)) in _OF_DOCUMENT:
            documents[-1] = _document(documents[-1], segment, checked)
        elif member := _member(segment, checked):
            members.setdefault(*member)
    document = next((each for each in documents if each.code != _VISA), None)
    if document is None or document.number is None:
        checked.flaw(head, "the person has no travel document", "DOC with its number, LOC+91 with its issuer")
    if not head.at(4):
        checked.flaw(head, "the person has no surname", "NAD+…+++SURNAME:GIVEN NAMES")
    given = " ".join(filter(None, (head.at(4, place) for place in range(1, 5))))
    return Person(head.position, role, head.at(4), given, document=document, **members)


def _member(segment: Segment, checked: Checked) -> tuple[str, Any] | None:
    match segment.tag, segment.at(1):
        case "ATT", "2":
            return "sex", checked.value(segment, segment.at(3), "sex", values.sex(segment.at(3)), "M, F, X or U")
        case "DTM", "329":
            right = f"{DAY}, not after the list was made"
            return "birth_date", checked.date(segment, "date of birth", values.birth, right)
        case "NAT", "2":
            return "nationality", checked.state(segment, "nationality")
        case "LOC", "174":
            return "residence", checked.state(segment, "state of residence")
        case "LOC", "178":
            return "embarkation", checked.place(segment, "place of embarkation")
        case "LOC", "179":
            return "disembarkation", checked.place(segment, "place of disembarkation")
        case _:
            return None


def _document(document: Document, segment: Segment, checked: Checked) -> Document:
    if segment.tag == "LOC":
        return replace(document, issuer=checked.state(segment, "issuing state"))
    right = f"{DAY}; without a century, within 20 years of the list"
    return replace(document, expires_on=checked.date(segment, "date of expiry", values.expiry, right))
